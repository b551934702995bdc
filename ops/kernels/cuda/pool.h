// Pooling over windows of up to three axes on a GPU, float32.
#pragma once

#include "runtime/base/sized_window.h"

namespace convoy::cuda {

enum class Pooling : int32_t { max, average, lp };

// x is [planes, input…], y [planes, output…], both contiguous.
struct Pool {
  const float* x = nullptr;
  float* y = nullptr;
  int64_t planes = 0;
  SizedWindow axis[3];
  Pooling kind = Pooling::max;
  bool counts_padding = false;  // an average
  float p = 2;                  // of lp
};

}  // namespace convoy::cuda
