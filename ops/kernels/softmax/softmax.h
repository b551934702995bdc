// Softmax over floats, by instruction set.
#pragma once

#include <cstdint>

#include "runtime/device/per_isa.h"

namespace convoy {

struct SoftmaxKernels {
  // y = softmax(x) over n > 0 contiguous floats; x may be y.
  void (*row)(const float* x, float* y, int64_t n);
  // y = log(softmax(x)) likewise.
  void (*log_row)(const float* x, float* y, int64_t n);
  // Softmax down the columns of x[n][stride] for `width` neighbouring columns; x may be y.
  void (*columns)(const float* x, float* y, int64_t n, int64_t stride, int64_t width);
  void (*log_columns)(const float* x, float* y, int64_t n, int64_t stride, int64_t width);
};

const SoftmaxKernels& softmax_kernels(Isa isa);

CONVOY_DECLARE_PER_ISA(extern const SoftmaxKernels, softmax_kernels);

}  // namespace convoy
