// Resizing of contiguous tensors by axis maps.
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>
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

// Integers are rounded and saturated; NaN becomes the lowest.
template <typename T, typename Sum>
T from_sum(Sum value) {
  if constexpr (std::is_integral_v<T>) {
    double rounded = std::nearbyint(static_cast<double>(value));
    constexpr auto kLow = static_cast<double>(std::numeric_limits<T>::min());
    constexpr auto kHigh = static_cast<double>(std::numeric_limits<T>::max());
    if (!(rounded > kLow)) return std::numeric_limits<T>::min();
    if (rounded >= kHigh) return std::numeric_limits<T>::max();
    return static_cast<T>(rounded);
  } else {
    return T(value);
  }
}

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
