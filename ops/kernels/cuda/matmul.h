// Matrix products on strided operands of a GPU, in float32.
#pragma once

#include <cstdint>

#include "ops/kernels/epilogue.h"

namespace convoy::cuda {

// y[b, i, j] = f(scale * sum over p of a[b, i, p] * b[b, p, j] + beta * c[i, j] + residual[b, i,
// j]) for each index of the batch axes. Strides count elements; residual is laid out like y.
struct MatMul {
  static constexpr int kMaxBatchAxes = 8;

  const float* a;
  const float* b;
  const float* c;         // or null
  const float* residual;  // or null
  float* y;
  int64_t m, n, k;
  int64_t a_m, a_k, b_k, b_n, c_m, c_n, y_m, y_n;
  int32_t batch_axes;
  int64_t batch[kMaxBatchAxes], a_batch[kMaxBatchAxes], b_batch[kMaxBatchAxes],
      y_batch[kMaxBatchAxes];
  float scale, beta;
  Epilogue epilogue;
};

}  // namespace convoy::cuda
