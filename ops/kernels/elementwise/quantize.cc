#include "ops/kernels/elementwise/quantize.h"

#include <algorithm>

#include "ops/kernels/cast/cast.h"

namespace convoy {
namespace {

constexpr int64_t kTile = 256;

// `count` elements of a scale or zero point, from `first` on, as float.
void load(const TensorView& view, int64_t first, int64_t count, float* to) {
  const auto* from = view.as<const std::byte>() + first * static_cast<int64_t>(size_of(view.dtype));
  load_as_float(view.dtype, from, 1, to, count);
}

// A tile's parameters, one number for each element; 0 where there are none.
void spread(const TensorView& values, const ScaleMap& map, int64_t begin, int64_t count,
            float* to) {
  if (!values.present() || map.kind == ScaleMap::Kind::kTensor || values.count() == 1) {
    float value = 0;
    if (values.present()) load(values, 0, 1, &value);
    std::fill_n(to, count, value);
    return;
  }
  int64_t inner = begin % map.inner;
  int64_t along = begin / map.inner % map.length;
  int64_t outer = begin / map.inner / map.length;
  int64_t blocks = (map.length + map.block - 1) / map.block;
  for (int64_t i = 0; i < count;) {
    int64_t run = std::min(map.inner - inner, count - i);
    int64_t steps = 1;
    if (map.kind == ScaleMap::Kind::kBlocks) {
      load(values, (outer * blocks + along / map.block) * map.inner + inner, run, to + i);
    } else if (map.inner == 1) {
      steps = run = std::min(map.length - along, count - i);
      load(values, along, run, to + i);
    } else {
      float value = 0;
      load(values, along, 1, &value);
      std::fill_n(to + i, run, value);
    }
    i += run;
    inner = 0;
    along += steps;
    if (along < map.length) continue;
    along = 0;
    ++outer;
  }
}

void round_to(DType precision, float* values, int64_t count) {
  if (precision == DType::kFloat16) {
    for (int64_t i = 0; i < count; ++i) values[i] = Float16(values[i]);
  } else if (precision == DType::kBFloat16) {
    for (int64_t i = 0; i < count; ++i) values[i] = BFloat16(values[i]);
  }
}

// NaN becomes the lowest value. The bounds are integers, so clamping may come before rounding; then
// adding and subtracting 1.5 · 2^23 rounds.
void round_and_clamp(float* values, const float* zeros, const IntegerRange& range, int64_t count) {
  constexpr float kMagic = 12582912.0f;
  for (int64_t i = 0; i < count; ++i) {
    float low = range.low - zeros[i];
    float high = range.high - zeros[i];
    float value = values[i] > low ? values[i] : low;
    value = value < high ? value : high;
    values[i] = ((value + kMagic) - kMagic) + zeros[i];
  }
}

template <typename T>
void store_as(const float* values, void* to, int64_t begin, int64_t count) {
  T* target = static_cast<T*>(to) + begin;
  for (int64_t i = 0; i < count; ++i) {
    target[i] = static_cast<T>(static_cast<int32_t>(values[i]));
  }
}

void store_integers(const float* values, const TensorView& y, int64_t begin, int64_t count) {
  switch (y.dtype) {
    case DType::kUInt8:
    case DType::kUInt4:
    case DType::kUInt2: return store_as<uint8_t>(values, y.data, begin, count);
    case DType::kInt8:
    case DType::kInt4:
    case DType::kInt2: return store_as<int8_t>(values, y.data, begin, count);
    case DType::kUInt16: return store_as<uint16_t>(values, y.data, begin, count);
    default: return store_as<int16_t>(values, y.data, begin, count);
  }
}

void quantize_tile(const TensorView& x, const TensorView& y, const float* scales,
                   const float* zeros, const QuantizeTarget& target, int64_t begin, int64_t count) {
  float values[kTile];
  const auto* source = x.as<std::byte>() + begin * static_cast<int64_t>(size_of(x.dtype));
  load_as_float(x.dtype, source, 1, values, count);
  for (int64_t i = 0; i < count; ++i) values[i] /= scales[i];
  round_to(target.precision, values, count);
  if (auto range = integer_range(target.dtype)) {
    round_and_clamp(values, zeros, *range, count);
    return store_integers(values, y, begin, count);
  }
  NarrowOptions options;
  options.saturate = target.saturate;
  for (int64_t i = 0; i < count; ++i) {
    y.as<uint8_t>()[begin + i] = float_to_narrow(target.dtype, values[i] + zeros[i], options);
  }
}

}  // namespace

std::optional<IntegerRange> integer_range(DType dtype) {
  switch (dtype) {
    case DType::kUInt8: return IntegerRange{0, 255};
    case DType::kInt8: return IntegerRange{-128, 127};
    case DType::kUInt16: return IntegerRange{0, 65535};
    case DType::kInt16: return IntegerRange{-32768, 32767};
    case DType::kUInt4: return IntegerRange{0, 15};
    case DType::kInt4: return IntegerRange{-8, 7};
    case DType::kUInt2: return IntegerRange{0, 3};
    case DType::kInt2: return IntegerRange{-2, 1};
    default: return std::nullopt;
  }
}

void check_quantize_target(const QuantizeTarget& target) {
  bool known = integer_range(target.dtype) ||
               (is_narrow_float(target.dtype) && target.dtype != DType::kFloat8E8M0);
  check_supported(known, "quantizing to {}", to_string(target.dtype));
}

void quantize(const TensorView& x, const TensorView& scale, const TensorView& zero_point,
              const TensorView& y, const ScaleMap& map, const QuantizeTarget& target,
              ThreadPool& threads) {
  threads.parallel_for(x.count(), 8192, [&](int64_t begin, int64_t end) {
    float tile_scales[kTile];
    float tile_zeros[kTile];
    for (int64_t i = begin; i < end; i += kTile) {
      int64_t count = std::min(kTile, end - i);
      spread(scale, map, i, count, tile_scales);
      spread(zero_point, map, i, count, tile_zeros);
      quantize_tile(x, y, tile_scales, tile_zeros, target, i, count);
    }
  });
}

void dequantize(const TensorView& x, const TensorView& scale, const TensorView& zero_point,
                const TensorView& y, const ScaleMap& map, ThreadPool& threads) {
  auto x_bytes = static_cast<int64_t>(size_of(x.dtype));
  threads.parallel_for(x.count(), 8192, [&](int64_t begin, int64_t end) {
    float tile_scales[kTile];
    float tile_zeros[kTile];
    float values[kTile];
    for (int64_t i = begin; i < end; i += kTile) {
      int64_t count = std::min(kTile, end - i);
      spread(scale, map, i, count, tile_scales);
      spread(zero_point, map, i, count, tile_zeros);
      load_as_float(x.dtype, x.as<std::byte>() + i * x_bytes, 1, values, count);
      for (int64_t k = 0; k < count; ++k) {
        values[k] = (values[k] - tile_zeros[k]) * tile_scales[k];
      }
      visit_floating(y.dtype, [&](auto tag) {
        using T = typename decltype(tag)::type;
        T* to = y.as<T>() + i;
        for (int64_t k = 0; k < count; ++k) to[k] = static_cast<T>(values[k]);
      });
    }
  });
}

}  // namespace convoy
