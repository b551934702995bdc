// oneDNN behind an interface of plain types: compiled primitives for float32, cached process-wide.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ops/kernels/epilogue.h"
#include "runtime/base/window.h"

namespace convoy::onednn {

// Addresses for one run. Weights are in the primitive's own format unless it takes them plain.
struct Operands {
  const float* source = nullptr;
  const float* weights = nullptr;
  const float* bias = nullptr;
  float* destination = nullptr;  // holds the residual on entry if the problem has one
  void* scratch = nullptr;       // scratch_bytes(), aligned to kAlignment
};

// A primitive compiled for one problem. Immutable and thread-safe.
class Primitive {
 public:
  virtual ~Primitive() = default;
  virtual size_t scratch_bytes() const = 0;
  // Names the packed format of the weights; empty if they are taken as they are.
  virtual const std::string& weights_format() const = 0;
  virtual size_t packed_weights_bytes() const = 0;
  // From the plain form that the problem describes. Uses the calling thread's OpenMP threads.
  virtual void pack_weights(const float* plain, float* packed) const = 0;
  // Runs on the number of threads that the primitive was made for. Throws kInternal.
  virtual void run(const Operands& operands) const = 0;
  // oneDNN's name of the implementation: "jit:avx2", "gemm:jit"
  virtual const std::string& implementation() const = 0;
};

// Y[batch, out, output…] = f(conv(X[batch, in, input…], W[groups, out / groups, in / groups,
// kernel…]) + bias[out] + Y). For deconvolutions in and out keep these meanings, and W is [groups,
// in / groups, out / groups, kernel…].
struct ConvProblem {
  bool transposed = false;
  int64_t batch = 0;
  int64_t groups = 1;
  int64_t in_channels = 0;   // of all groups
  int64_t out_channels = 0;  // of all groups
  Window window;
  int input_block = 0;  // 0 for plain contiguous tensors
  int output_block = 0;
  bool packed_weights = true;  // in a format that oneDNN chooses
  bool has_bias = false;
  bool add_to_output = false;
  Epilogue epilogue;
  int threads = 1;

  friend bool operator==(const ConvProblem&, const ConvProblem&) = default;
};

// y[b, i, j] = f(sum over p of a[b, i, p] * b[b, p, j] + bias[j] + y[b, i, j]). Strides count
// elements.
struct MatMulProblem {
  int64_t m = 0, n = 0, k = 0;
  Shape batch;
  Strides a, b, y;  // of [batch…, rows, columns]; 0 along a batch axis that is repeated
  bool packed_b = false;
  bool has_bias = false;
  bool add_to_output = false;
  float scale = 1;  // of the sum; only without bias and add_to_output
  Epilogue epilogue;
  int threads = 1;

  friend bool operator==(const MatMulProblem&, const MatMulProblem&) = default;
};

// nullptr if oneDNN has nothing better than its reference implementation. The most recently used
// primitives are kept, so that asking again for a problem costs little.
std::shared_ptr<const Primitive> convolution(const ConvProblem& problem);
std::shared_ptr<const Primitive> matmul(const MatMulProblem& problem);

}  // namespace convoy::onednn
