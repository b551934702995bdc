// Products of float32 matrices with B packed in panels of columns.
#pragma once

#include <cstdint>
#include <vector>

#include "ops/kernels/conv/channel_panels.h"
#include "ops/kernels/epilogue.h"

namespace convoy {
enum class Isa;  // runtime/device/machine.h
}

namespace convoy::kernels {

struct ConvKernels;

// y[i, j] = f(scale * (sum over p of a[i, p] * b[p, j]) + bias[j] + residual[i, j]). Strides count
// elements; columns of Y are neighbours, and the residual lies like Y.
struct PackedGemmProblem {
  int64_t m = 0, n = 0, k = 0;
  int64_t a_m = 0, a_k = 0;
  int64_t y_m = 0;
  float scale = 1;
  Epilogue epilogue;
};

// Immutable and thread-safe. The sum of one element runs over p in order, whatever m and n are.
class PackedGemm {
 public:
  PackedGemm(const PackedGemmProblem& problem, Isa isa);

  // Floats that pack writes; what it writes depends on isa, k, n and B only.
  int64_t packed_size() const;
  void pack(const float* b, int64_t b_k, int64_t b_n, float* packed) const;

  // Floats that run_tasks needs for itself on each thread, 64-byte aligned.
  int64_t scratch_size() const;
  // Independent pieces of work of similar cost: blocks of rows, outermost, by panels of columns.
  int64_t task_count() const { return row_blocks_ * panels_.count(); }
  // bias and residual may be null; the residual may be y.
  void run_tasks(const float* a, const float* packed, const float* bias, const float* residual,
                 float* y, int64_t first, int64_t last, float* scratch) const;

 private:
  int64_t sums_size() const;
  void turn(const float* a, int64_t rows, float* to) const;

  PackedGemmProblem problem_;
  const ConvKernels* kernels_;
  ChannelPanels panels_;  // of columns
  int64_t rows_ = 0;      // of a block
  bool turns_ = false;    // rows of A become columns, in scratch
  int64_t row_blocks_ = 0;
  std::vector<int64_t> offsets_;  // of the terms in a row of A
};

}  // namespace convoy::kernels
