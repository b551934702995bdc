// GridSample over one to three spatial axes on a GPU, float32.
#pragma once

#include <cstdint>

namespace convoy::cuda {

enum class GridSampling : int32_t { nearest, linear, cubic };
enum class GridOutside : int32_t { zeros, border, reflection };

// x[batch, channels, size…], grid[batch, points, axes] with the last axis of x first,
// y[batch, channels, points], contiguous.
struct GridSample {
  const float* x = nullptr;
  const float* grid = nullptr;
  float* y = nullptr;
  int64_t batch = 0, channels = 0, points = 0;
  int64_t size[3] = {1, 1, 1};
  int32_t axes = 2;
  GridSampling sampling = GridSampling::linear;
  GridOutside outside = GridOutside::zeros;
  bool align_corners = false;
};

}  // namespace convoy::cuda
