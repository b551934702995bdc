// Walks along one axis of contiguous tensors of a GPU: running sums and products, extremes;
// float32.
#pragma once

#include <cstdint>

namespace convoy::cuda {

// Along n of [outer, n, inner].
struct Running {
  const float* x = nullptr;
  float* y = nullptr;
  int64_t outer = 1, n = 1, inner = 1;
  bool product = false;
  bool exclusive = false;
  bool reverse = false;
};

// The index of the extreme along n of [outer, n, inner], n > 0; NaN counts as extreme.
struct ArgExtreme {
  const float* x = nullptr;
  int64_t* y = nullptr;
  int64_t outer = 1, n = 1, inner = 1;
  bool largest = true;
  bool last = false;  // of equal ones
};

}  // namespace convoy::cuda
