#include <complex>
#include <cstring>
#include <string>

#include "ops/kernels/resize/resize_kernels.h"

namespace convoy {
namespace {

// The innermost resized axis and the elements behind it, `inner` for each of its indices.
template <typename T>
void nearest_row(const AxisMap& map, int64_t inner, const T* in, T* out) {
  if (inner > 1) {
    for (int64_t o = 0; o < map.out; ++o) {
      std::copy_n(in + map.index[static_cast<size_t>(o)] * inner, inner, out + o * inner);
    }
    return;
  }
  const int64_t* index = map.index.data();
  for (int64_t o = 0; o < map.out; ++o) out[o] = in[index[o]];
}

bool doubles(const AxisMap& map) {
  if (map.out != 2 * map.in) return false;
  for (int64_t o = 0; o < map.out; ++o) {
    if (map.index[static_cast<size_t>(o)] != o / 2) return false;
  }
  return true;
}

template <typename T>
void double_row(int64_t count, const T* in, T* out) {
  for (int64_t i = 0; i < count; ++i) {
    out[2 * i] = in[i];
    out[2 * i + 1] = in[i];
  }
}

template <typename T>
void nearest(const std::vector<AxisMap>& maps, const T* in, T* out, ThreadPool& threads) {
  auto last = static_cast<int>(maps.size()) - 1;
  int64_t inner = 1;
  while (last > 0 && maps[static_cast<size_t>(last)].identity) {
    inner *= maps[static_cast<size_t>(last--)].out;
  }
  const AxisMap& columns = maps[static_cast<size_t>(last)];
  int64_t rows = 1;
  for (int i = 0; i < last; ++i) rows *= maps[static_cast<size_t>(i)].out;
  int64_t width = columns.out * inner;
  bool twice = inner == 1 && !columns.identity && doubles(columns);
  int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, width));
  threads.parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
    int64_t previous = -1;
    for (int64_t r = begin; r < end; ++r) {
      int64_t rest = r;
      int64_t from = 0;
      int64_t stride = 1;
      for (int i = last - 1; i >= 0; --i) {
        const AxisMap& map = maps[static_cast<size_t>(i)];
        int64_t at = rest % map.out;
        from += (map.identity ? at : map.index[static_cast<size_t>(at)]) * stride;
        stride *= map.in;
        rest /= map.out;
      }
      T* target = out + r * width;
      const T* source = in + from * columns.in * inner;
      if (from == previous) {
        std::copy_n(target - width, width, target);
      } else if (columns.identity) {
        std::copy_n(source, width, target);
      } else if (twice) {
        double_row(columns.in, source, target);
      } else {
        nearest_row(columns, inner, source, target);
      }
      previous = from;
    }
  });
}

}  // namespace

void resize_nearest(const std::vector<AxisMap>& maps, double extrapolation, const TensorView& in,
                    const TensorView& out, ThreadPool& threads) {
  auto run = [&](auto zero) {
    using T = decltype(zero);
    nearest<T>(maps, in.as<const T>(), out.as<T>(), threads);
  };
  if (in.dtype == DType::kString) return run(std::string());
  switch (size_of(in.dtype)) {
    case 1: run(uint8_t{}); break;
    case 2: run(uint16_t{}); break;
    case 4: run(uint32_t{}); break;
    case 8: run(uint64_t{}); break;
    default: run(std::complex<double>{}); break;
  }
  bool crops = false;
  for (const AxisMap& map : maps) crops |= !map.outside.empty();
  if (!crops) return;
  visit_numeric(in.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    extrapolate<T>(maps, from_sum<T>(static_cast<float>(extrapolation)), out.as<T>());
  });
}

}  // namespace convoy
