// Transposed convolutions of rank 1 to 3 on a GPU, float32.
#pragma once

#include "runtime/base/sized_window.h"

namespace convoy::cuda {

// x[batch, groups · in, input…], w[groups · in, out, kernel…], y[batch, groups · out, output…], all
// contiguous: input position i adds to output positions i · stride + k · dilation - pad.
struct ConvTranspose {
  const float* x = nullptr;
  const float* w = nullptr;
  const float* bias = nullptr;  // [groups · out] or null
  float* y = nullptr;
  int64_t batch = 0, groups = 1, in = 0, out = 0;  // channels of one group
  SizedWindow axis[3];
};

}  // namespace convoy::cuda
