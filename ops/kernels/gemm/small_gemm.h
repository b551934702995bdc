// Products of float32 matrices too small to be worth packing: B is read where it is.
#pragma once

#include <cstdint>

#include "runtime/device/per_isa.h"

namespace convoy::kernels {

// y[i, j] = scale * (sum over p of a[i, p] * b[p, j]) + bias[j] for i < m, j < n. Strides count
// elements; columns of B and Y are neighbours. bias may be null.
struct SmallGemm {
  int64_t m = 0, n = 0, k = 0;
  int64_t a_m = 0, a_k = 0;
  int64_t b_k = 0;
  int64_t y_m = 0;
  float scale = 1;
};

using SmallGemmKernel = void(const SmallGemm& shape, const float* a, const float* b,
                             const float* bias, float* y);
CONVOY_DECLARE_PER_ISA(SmallGemmKernel, small_gemm);

// Thread-safe; the sum of one element runs over p in order, whatever m and n are.
SmallGemmKernel* small_gemm(Isa isa);

}  // namespace convoy::kernels
