// Rows brought to mean 0 and variance 1, scaled and shifted, on a GPU, float32.
#pragma once

#include <cstdint>

namespace convoy::cuda {

// Row r of `n` contiguous elements: y = (x - mean) / √(variance + epsilon) · scale + bias. Element
// k has the parameter (r % groups) · group_step + k / inner.
struct NormalizeRows {
  const float* x = nullptr;
  const float* scale = nullptr;
  const float* bias = nullptr;  // or null
  float* y = nullptr;
  float* means = nullptr;    // of each row, or null
  float* factors = nullptr;  // 1 / √(variance + epsilon), or null
  int64_t rows = 0, n = 0;
  int64_t groups = 1, group_step = 0, inner = 1;
  float epsilon = 0;
  bool centered = true;  // if not, the mean is not subtracted, and the variance is around 0
};

}  // namespace convoy::cuda
