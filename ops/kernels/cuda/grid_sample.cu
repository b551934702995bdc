#include "ops/kernels/cuda/grid_sample.h"

#include "runtime/device/cuda/library/grid.h"
#include "runtime/device/cuda/library/launches.h"

namespace convoy::cuda {
namespace {

__device__ float reflected(float x, float low, float high) {
  const float range = high - low;
  if (!(range > 0)) return low;
  const float distance = x < low ? low - x : x - high;
  if (distance <= 0) return x;
  const float turns = floorf(distance / range);
  const float rest = distance - turns * range;
  const bool even = fmodf(turns, 2) == 0;
  return (x < low) == even ? low + rest : high - rest;
}

__device__ float within(float x, float low, float high) {
  return x < low ? low : x > high ? high : x;
}

// Up to four taps along one axis; index -1 reads zero.
struct Taps {
  int count = 1;
  int64_t index[4];
  float weight[4];

  __device__ void set_cubic(float x) {
    constexpr float kA = -0.75F;
    auto near = [](float t) { return ((kA + 2) * t - (kA + 3)) * t * t + 1; };
    auto far = [](float t) { return ((kA * t - 5 * kA) * t + 8 * kA) * t - 4 * kA; };
    count = 4;
    weight[0] = far(x + 1);
    weight[1] = near(x);
    weight[2] = near(1 - x);
    weight[3] = far(2 - x);
  }

  // Inlined for each axis it would leave them too few registers.
  __device__ __attribute__((noinline)) Taps(const GridSample& sample, float place, int64_t size) {
    const auto length = static_cast<float>(size);
    if (place != place) place = -1;
    float x =
        sample.align_corners ? (place + 1) / 2 * (length - 1) : ((place + 1) * length - 1) / 2;
    const float low = sample.align_corners ? 0.0F : -0.5F;
    const float high = sample.align_corners ? length - 1 : length - 0.5F;
    if (sample.sampling == GridSampling::nearest) x = nearbyintf(x);
    // Cubic taps are placed one by one.
    if (sample.sampling != GridSampling::cubic && (x < low || x > high)) {
      if (sample.outside == GridOutside::border) x = within(x, 0, length - 1);
      if (sample.outside == GridOutside::reflection) x = reflected(x, low, high);
    }
    if (x != x) x = low;           // infinity on an axis of one position
    x = within(x, -1e12F, 1e12F);  // fits an index
    auto first = static_cast<int64_t>(floorf(x));
    const float part = x - static_cast<float>(first);
    if (sample.sampling == GridSampling::nearest) {
      weight[0] = 1;
    } else if (sample.sampling == GridSampling::linear) {
      count = 2;
      weight[0] = 1 - part;
      weight[1] = part;
    } else {
      --first;
      set_cubic(part);
    }
    for (int k = 0; k < count; ++k) {
      int64_t at = first + k;
      if (at < 0 || at >= size) {
        if (sample.outside == GridOutside::reflection) {
          at = static_cast<int64_t>(reflected(static_cast<float>(at), low, high));
        }
        at = sample.outside == GridOutside::zeros ? -1 : at < 0 ? 0 : at >= size ? size - 1 : at;
      }
      index[k] = at;
    }
  }
};

// One thread for each point, over all channels.
__global__ void __launch_bounds__(gpu::kThreadsOfElements)
    by_points(const __grid_constant__ GridSample sample) {
  const int64_t plane = sample.size[0] * sample.size[1] * sample.size[2];
  for (int64_t i = gpu::first_index(); i < sample.batch * sample.points; i += gpu::index_step()) {
    const float* position = sample.grid + i * sample.axes;
    // Axes that x does not have are of size 1, and read in their middle.
    auto taps = [&](int axis) {
      const int from_last = 2 - axis;
      const bool has = from_last < sample.axes;
      return Taps(sample,
                  has                    ? position[from_last]
                  : sample.align_corners ? -1.0F
                                         : 0.0F,
                  sample.size[axis]);
    };
    const Taps a = taps(0), b = taps(1), c = taps(2);
    const float* x = sample.x + i / sample.points * sample.channels * plane;
    float* y = sample.y + i / sample.points * sample.channels * sample.points + i % sample.points;
    for (int64_t channel = 0; channel < sample.channels; ++channel) {
      float sum = 0;
      for (int p = 0; p < a.count; ++p) {
        for (int q = 0; q < b.count; ++q) {
          for (int r = 0; r < c.count; ++r) {
            const float weight = a.weight[p] * b.weight[q] * c.weight[r];
            if (a.index[p] < 0 || b.index[q] < 0 || c.index[r] < 0 || weight == 0) continue;
            const int64_t at =
                (a.index[p] * sample.size[1] + b.index[q]) * sample.size[2] + c.index[r];
            sum += weight * x[channel * plane + at];
          }
        }
      }
      y[channel * sample.points] = sum;
    }
  }
}

CONVOY_CUDA_LAUNCH(grid_sample, GridSample) {
  const gpu::Grid grid = gpu::grid_for(problem.batch * problem.points);
  return gpu::launch(by_points, grid, stream, problem);
}

}  // namespace
}  // namespace convoy::cuda
