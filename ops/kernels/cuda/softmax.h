// Softmax and its logarithm on a GPU, float32.
#pragma once

#include <cstdint>

namespace convoy::cuda {

// Over n of [outer, n, inner], contiguous; y may be x.
struct Softmax {
  const float* x = nullptr;
  float* y = nullptr;
  int64_t outer = 1, n = 1, inner = 1;
  bool logarithm = false;
};

}  // namespace convoy::cuda
