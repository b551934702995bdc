// Resize by the taps of each axis (ops/kernels/resize/axis_map.h) on a GPU, float32.
#pragma once

#include <cstdint>

namespace convoy::cuda {

// Contiguous tensors.
struct Resize {
  static constexpr int kMaxAxes = 8;

  struct Axis {
    int64_t input = 1, output = 1;
    int32_t taps = 1;
    const int64_t* index = nullptr;    // [output][taps]; nullptr: the axis stays as it is
    const float* weight = nullptr;     // [output][taps]; nullptr: 1
    const uint8_t* outside = nullptr;  // [output], 1: the extrapolation value; or nullptr
  };
  const float* x = nullptr;
  float* y = nullptr;
  int64_t count = 0;
  int32_t rank = 0;
  float extrapolation = 0;
  Axis axis[kMaxAxes];
};

}  // namespace convoy::cuda
