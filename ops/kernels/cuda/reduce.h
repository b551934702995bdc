// Reductions over any axes of a strided tensor of a GPU, float32. Sums are made in double: they
// keep their digits, and squares their range.
#pragma once

#include "ops/kernels/cuda/strided_index.h"

namespace convoy::cuda {

enum class Reduction : int32_t {
  sum,
  mean,
  max,
  min,
  product,
  sum_square,
  l1,
  l2,
  log_sum,
  log_sum_exp,
};

// y[o] reads x[kept(o) + reduced(r)] for r < count.
struct Reduce {
  const float* x = nullptr;
  float* y = nullptr;  // contiguous
  int64_t outputs = 0;
  int64_t count = 0;
  StridedIndex kept;
  StridedIndex reduced;
  Reduction kind = Reduction::sum;
};

}  // namespace convoy::cuda
