#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "ops/kernels/resize/resize_kernels.h"
#include "runtime/device/device.h"

namespace convoy {
namespace {

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

// How many rows of the input a row of the output needs at hand.
int cached_rows(const AxisMap& rows) {
  return static_cast<int>(std::min<int64_t>(std::max(rows.taps, 2), rows.in));
}

// Rows of the input already weighed along the columns, the latest of them, and room for one sum.
template <typename T, typename Sum>
class RowCache {
 public:
  static size_t bytes(const AxisMap& columns, int slots) {
    auto sums = static_cast<size_t>((slots + 1) * columns.out);
    size_t needed = sums * sizeof(Sum) + static_cast<size_t>(slots) * sizeof(int64_t);
    return (needed + kAlignment - 1) / kAlignment * kAlignment;
  }

  // `memory` has bytes(columns, slots).
  RowCache(const AxisMap& columns, int slots, std::byte* memory)
      : columns_(columns),
        held_(reinterpret_cast<int64_t*>(memory), static_cast<size_t>(slots)),
        rows_(reinterpret_cast<Sum*>(memory + held_.size_bytes())) {}

  void forget() { std::ranges::fill(held_, -1); }
  const Sum* get(const T* plane, int64_t row) {
    auto slot = static_cast<size_t>(row) % held_.size();
    Sum* cached = rows_ + slot * static_cast<size_t>(columns_.out);
    if (held_[slot] != row) {
      weigh_columns(columns_, plane + row * columns_.in, cached);
      held_[slot] = row;
    }
    return cached;
  }
  std::span<Sum> sums() {
    auto width = static_cast<size_t>(columns_.out);
    return {rows_ + held_.size() * width, width};
  }

 private:
  const AxisMap& columns_;
  std::span<int64_t> held_;
  Sum* rows_;
};

template <typename T, typename Sum>
void weigh_rows(const AxisMap& rows, int64_t row, int64_t width, const T* plane,
                RowCache<T, Sum>& cache, T* out) {
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
  std::span<Sum> sums = cache.sums();
  std::ranges::fill(sums, Sum(0));
  for (size_t k = 0; k < static_cast<size_t>(rows.taps); ++k) {
    const Sum* source = cache.get(plane, rows.index[first + k]);
    Sum weight = rows.weight[first + k];
    for (int64_t i = 0; i < width; ++i) sums[static_cast<size_t>(i)] += weight * source[i];
  }
  for (int64_t i = 0; i < width; ++i) out[i] = from_sum<T>(sums[static_cast<size_t>(i)]);
}

template <typename T, typename Sum>
void weigh_planes(int64_t planes, const AxisMap& rows, const AxisMap& columns, const T* in, T* out,
                  std::byte* scratch, ThreadPool& threads) {
  int64_t width = columns.out;
  int64_t total = planes * rows.out;
  int64_t grain = std::max<int64_t>(1, 8192 / std::max<int64_t>(1, width));
  int slots = cached_rows(rows);
  // Each piece has memory of its own.
  int64_t pieces = std::clamp<int64_t>(total / grain, 1, threads.thread_count());
  auto run_piece = [&](int64_t piece) {
    size_t bytes = RowCache<T, Sum>::bytes(columns, slots);
    RowCache<T, Sum> cache(columns, slots, scratch + static_cast<size_t>(piece) * bytes);
    int64_t current = -1;
    for (int64_t r = total * piece / pieces; r < total * (piece + 1) / pieces; ++r) {
      int64_t plane = r / rows.out;
      if (plane != current) cache.forget();
      current = plane;
      weigh_rows(rows, r % rows.out, width, in + plane * rows.in * columns.in, cache,
                 out + r * width);
    }
  };
  threads.parallel_for(pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) run_piece(piece);
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

// All but the last two axes stay as they are.
bool is_planar(const std::vector<AxisMap>& maps) {
  return maps.size() < 3 ||
         std::all_of(maps.begin(), maps.end() - 2, [](const AxisMap& map) { return map.identity; });
}

const AxisMap& row_map(const std::vector<AxisMap>& maps) {
  static const AxisMap single;
  return maps.size() > 1 ? maps[maps.size() - 2] : single;
}

template <typename T, typename Sum>
void weigh(const std::vector<AxisMap>& maps, double extrapolation, const TensorView& in,
           const TensorView& out, std::byte* scratch, ThreadPool& threads) {
  if (is_planar(maps)) {
    int64_t planes = 1;
    for (size_t i = 0; i + 2 < maps.size(); ++i) planes *= maps[i].out;
    weigh_planes<T, Sum>(planes, row_map(maps), maps.back(), in.as<const T>(), out.as<T>(), scratch,
                         threads);
  } else {
    weigh_all<T, Sum>(maps, in.as<const T>(), out.as<T>(), threads);
  }
  bool crops = false;
  for (const AxisMap& map : maps) crops |= !map.outside.empty();
  if (crops) extrapolate<T>(maps, from_sum<T>(static_cast<Sum>(extrapolation)), out.as<T>());
}

template <typename T>
using SumOf =
    std::conditional_t<(sizeof(T) > 4 || std::is_same_v<T, int32_t> || std::is_same_v<T, uint32_t>),
                       double, float>;

}  // namespace

size_t resize_scratch_bytes(const std::vector<AxisMap>& maps, DType dtype, int threads) {
  if (!is_planar(maps)) return 0;
  return visit_numeric(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    int slots = cached_rows(row_map(maps));
    return static_cast<size_t>(threads) * RowCache<T, SumOf<T>>::bytes(maps.back(), slots);
  });
}

void resize_weighted(const std::vector<AxisMap>& maps, double extrapolation, const TensorView& in,
                     const TensorView& out, std::byte* scratch, ThreadPool& threads) {
  visit_numeric(in.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    weigh<T, SumOf<T>>(maps, extrapolation, in, out, scratch, threads);
  });
}

}  // namespace convoy
