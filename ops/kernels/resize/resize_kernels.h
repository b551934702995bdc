// Resizing of contiguous tensors by axis maps.
#pragma once

#include <vector>

#include "ops/kernels/resize/axis_map.h"
#include "runtime/base/parallel_for.h"
#include "runtime/device/tensor_view.h"

namespace convoy {

// Copies out[o…] = in[map0.index[o0], map1.index[o1] …]; every map has one tap. Any element type.
void resize_nearest(const std::vector<AxisMap>& maps, double extrapolation, const TensorView& in,
                    const TensorView& out, ThreadPool& threads);

// Weighted sums along each axis in turn. Numeric types; integers are rounded and saturated.
// `scratch` has resize_scratch_bytes() for at least as many threads as the pool has.
void resize_weighted(const std::vector<AxisMap>& maps, double extrapolation, const TensorView& in,
                     const TensorView& out, std::byte* scratch, ThreadPool& threads);
size_t resize_scratch_bytes(const std::vector<AxisMap>& maps, DType dtype, int threads);

// Overwrites every element of `out` that lies outside of the cropped input on some axis.
template <typename T>
void extrapolate(const std::vector<AxisMap>& maps, const T& value, T* out) {
  int64_t count = 1;
  for (const AxisMap& map : maps) count *= map.out;
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i;
    bool outside = false;
    for (auto map = maps.rbegin(); map != maps.rend(); ++map) {
      if (!map->outside.empty()) outside |= map->outside[static_cast<size_t>(rest % map->out)] != 0;
      rest /= map->out;
    }
    if (outside) out[i] = value;
  }
}

}  // namespace convoy
