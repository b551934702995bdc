#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "ops/kernels/resize/resize_kernels.h"

namespace convoy {
namespace {

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

// out[o] = Σ weight·in[index]; Sum is float or double.
template <typename T, typename Sum>
void weigh_columns(const AxisMap& map, const T* in, Sum* out) {
  if (map.identity) {
    for (int64_t o = 0; o < map.out; ++o) out[o] = static_cast<Sum>(in[o]);
    return;
  }
  const int64_t* index = map.index.data();
  const float* weight = map.weight.data();
  if (map.taps == 2) {
    for (int64_t o = 0; o < map.out; ++o) {
      out[o] = static_cast<Sum>(weight[2 * o]) * static_cast<Sum>(in[index[2 * o]]) +
               static_cast<Sum>(weight[2 * o + 1]) * static_cast<Sum>(in[index[2 * o + 1]]);
    }
    return;
  }
  for (int64_t o = 0; o < map.out; ++o) {
    Sum sum = 0;
    for (int k = 0; k < map.taps; ++k, ++index, ++weight) {
      sum += static_cast<Sum>(*weight) * static_cast<Sum>(in[*index]);
    }
    out[o] = sum;
  }
}

template <typename T, typename Sum>
void weigh_two_rows(Sum w0, const Sum* row0, Sum w1, const Sum* row1, int64_t count, T* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = from_sum<T>(w0 * row0[i] + w1 * row1[i]);
}

// Rows of the input already weighed along the columns, the latest `taps` of them.
template <typename T, typename Sum>
class RowCache {
 public:
  RowCache(const AxisMap& columns, int slots)
      : columns_(columns),
        held_(static_cast<size_t>(slots), -1),
        rows_(new Sum[static_cast<size_t>(slots * columns.out)]) {}

  void forget() { std::fill(held_.begin(), held_.end(), -1); }
  const Sum* get(const T* plane, int64_t row) {
    auto slot = static_cast<size_t>(row) % held_.size();
    Sum* cached = rows_.get() + slot * static_cast<size_t>(columns_.out);
    if (held_[slot] != row) {
      weigh_columns(columns_, plane + row * columns_.in, cached);
      held_[slot] = row;
    }
    return cached;
  }

 private:
  const AxisMap& columns_;
  std::vector<int64_t> held_;
  std::unique_ptr<Sum[]> rows_;
};

template <typename T, typename Sum>
void weigh_rows(const AxisMap& rows, int64_t row, int64_t width, const T* plane,
                RowCache<T, Sum>& cache, std::vector<Sum>& sums, T* out) {
  if (rows.identity) {
    const Sum* source = cache.get(plane, row);
    for (int64_t i = 0; i < width; ++i) out[i] = from_sum<T>(source[i]);
    return;
  }
  auto first = static_cast<size_t>(row * rows.taps);
  if (rows.taps == 2) {
    int64_t i0 = rows.index[first];
    int64_t i1 = rows.index[first + 1];
    const Sum* row0 = cache.get(plane, i0);
    const Sum* row1 = cache.get(plane, i1);
    return weigh_two_rows<T, Sum>(rows.weight[first], row0, rows.weight[first + 1], row1, width,
                                  out);
  }
  std::fill(sums.begin(), sums.end(), Sum(0));
  for (size_t k = 0; k < static_cast<size_t>(rows.taps); ++k) {
    const Sum* source = cache.get(plane, rows.index[first + k]);
    Sum weight = rows.weight[first + k];
    for (int64_t i = 0; i < width; ++i) sums[static_cast<size_t>(i)] += weight * source[i];
  }
  for (int64_t i = 0; i < width; ++i) out[i] = from_sum<T>(sums[static_cast<size_t>(i)]);
}

template <typename T, typename Sum>
void weigh_planes(int64_t planes, const AxisMap& rows, const AxisMap& columns, const T* in, T* out,
                  ThreadPool& threads) {
  int64_t width = columns.out;
  int64_t grain = std::max<int64_t>(1, 8192 / std::max<int64_t>(1, width));
  int slots = static_cast<int>(std::min<int64_t>(std::max(rows.taps, 2), rows.in));
  threads.parallel_for(planes * rows.out, grain, [&](int64_t begin, int64_t end) {
    RowCache<T, Sum> cache(columns, slots);
    std::vector<Sum> sums(static_cast<size_t>(width));
    int64_t current = -1;
    for (int64_t r = begin; r < end; ++r) {
      int64_t plane = r / rows.out;
      if (plane != current) cache.forget();
      current = plane;
      weigh_rows(rows, r % rows.out, width, in + plane * rows.in * columns.in, cache, sums,
                 out + r * width);
    }
  });
}

// One axis of [outer, axis, inner].
template <typename T, typename Sum>
void weigh_axis(const AxisMap& map, int64_t outer, int64_t inner, const Sum* in, T* out,
                ThreadPool& threads) {
  int64_t grain = std::max<int64_t>(1, 8192 / std::max<int64_t>(1, inner * map.taps));
  threads.parallel_for(outer * map.out, grain, [&](int64_t begin, int64_t end) {
    std::vector<Sum> sums(static_cast<size_t>(inner));
    for (int64_t r = begin; r < end; ++r) {
      const Sum* plane = in + r / map.out * map.in * inner;
      int64_t o = r % map.out;
      std::fill(sums.begin(), sums.end(), Sum(0));
      for (int64_t k = o * map.taps; k < (o + 1) * map.taps; ++k) {
        const Sum* source = plane + map.index[static_cast<size_t>(k)] * inner;
        Sum weight = map.weight[static_cast<size_t>(k)];
        for (int64_t i = 0; i < inner; ++i) sums[static_cast<size_t>(i)] += weight * source[i];
      }
      T* target = out + r * inner;
      for (int64_t i = 0; i < inner; ++i) target[i] = from_sum<T>(sums[static_cast<size_t>(i)]);
    }
  });
}

// Any set of axes, one after the other through buffers of sums.
template <typename T, typename Sum>
void weigh_all(const std::vector<AxisMap>& maps, const T* in, T* out, ThreadPool& threads) {
  int64_t count = 1;
  for (const AxisMap& map : maps) count *= map.in;
  std::vector<Sum> current(in, in + count);
  int64_t outer = 1;
  for (size_t a = 0; a < maps.size(); ++a) {
    const AxisMap& map = maps[a];
    if (!map.identity) {
      int64_t inner = 1;
      for (size_t b = a + 1; b < maps.size(); ++b) inner *= maps[b].in;
      std::vector<Sum> next(static_cast<size_t>(outer * map.out * inner));
      weigh_axis<Sum, Sum>(map, outer, inner, current.data(), next.data(), threads);
      current = std::move(next);
    }
    outer *= map.out;
  }
  for (size_t i = 0; i < current.size(); ++i) out[i] = from_sum<T>(current[i]);
}

template <typename T, typename Sum>
void weigh(const std::vector<AxisMap>& maps, double extrapolation, const TensorView& in,
           const TensorView& out, ThreadPool& threads) {
  size_t rank = maps.size();
  bool planar = true;
  int64_t planes = 1;
  for (size_t i = 0; i + 2 < rank; ++i) {
    planar &= maps[i].identity;
    planes *= maps[i].out;
  }
  if (planar) {
    AxisMap single;
    const AxisMap& rows = rank > 1 ? maps[rank - 2] : single;
    weigh_planes<T, Sum>(planes, rows, maps[rank - 1], in.as<const T>(), out.as<T>(), threads);
  } else {
    weigh_all<T, Sum>(maps, in.as<const T>(), out.as<T>(), threads);
  }
  bool crops = false;
  for (const AxisMap& map : maps) crops |= !map.outside.empty();
  if (crops) extrapolate<T>(maps, from_sum<T>(static_cast<Sum>(extrapolation)), out.as<T>());
}

}  // namespace

void resize_weighted(const std::vector<AxisMap>& maps, double extrapolation, const TensorView& in,
                     const TensorView& out, ThreadPool& threads) {
  visit_numeric(in.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using Sum = std::conditional_t<(sizeof(T) > 4 || std::is_same_v<T, int32_t> ||
                                    std::is_same_v<T, uint32_t>), double, float>;
    weigh<T, Sum>(maps, extrapolation, in, out, threads);
  });
}

}  // namespace convoy
