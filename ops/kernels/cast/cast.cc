#include "ops/kernels/cast/cast.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "ops/kernels/cast/text.h"
#include "ops/kernels/elementwise/strided_walk.h"

namespace convoy {
namespace {

// Elements pass through one of a few wide types, which holds every value of the source: a row of at
// most kRow is loaded into it and stored from it.
constexpr int64_t kRow = 256;

enum class Wide { kFloat, kDouble, kSigned, kUnsigned };

Wide wide_type_of(DType from) {
  switch (from) {
    case DType::kFloat64:
    case DType::kString: return Wide::kDouble;
    case DType::kUInt64: return Wide::kUnsigned;
    case DType::kFloat32:
    case DType::kFloat16:
    case DType::kBFloat16: return Wide::kFloat;
    default: return is_narrow_float(from) ? Wide::kFloat : Wide::kSigned;
  }
}

// Low bits of an integer type narrower than a byte, as a value.
int64_t narrow_integer(DType dtype, uint64_t bits) {
  switch (dtype) {
    case DType::kInt4: return static_cast<int64_t>((bits & 0xf) ^ 8) - 8;
    case DType::kUInt4: return static_cast<int64_t>(bits & 0xf);
    case DType::kInt2: return static_cast<int64_t>((bits & 0x3) ^ 2) - 2;
    default: return static_cast<int64_t>(bits & 0x3);
  }
}

bool is_narrow_integer(DType dtype) {
  return dtype == DType::kInt4 || dtype == DType::kUInt4 || dtype == DType::kInt2 ||
         dtype == DType::kUInt2;
}

template <typename W, typename T>
T convert(W value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value != W{0};
  } else if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>) {
    return T(static_cast<float>(value));
  } else if constexpr (std::is_floating_point_v<W> && std::is_integral_v<T>) {
    return truncate<T>(value);
  } else {
    return static_cast<T>(value);
  }
}

template <typename W, typename T>
void load_typed(const void* from, int64_t step, W* to, int64_t count) {
  const T* source = static_cast<const T*>(from);
  if (step == 1) {
    for (int64_t i = 0; i < count; ++i) to[i] = static_cast<W>(source[i]);
  } else {
    for (int64_t i = 0; i < count; ++i) to[i] = static_cast<W>(source[i * step]);
  }
}

template <typename W, typename T>
void store_typed(const W* from, void* to, int64_t step, int64_t count) {
  T* target = static_cast<T*>(to);
  if (step == 1) {
    for (int64_t i = 0; i < count; ++i) target[i] = convert<W, T>(from[i]);
  } else {
    for (int64_t i = 0; i < count; ++i) target[i * step] = convert<W, T>(from[i]);
  }
}

template <typename W>
void load_row(DType dtype, const void* from, int64_t step, W* to, int64_t count) {
  const auto* codes = static_cast<const uint8_t*>(from);
  if constexpr (std::is_same_v<W, float>) {
    if (is_narrow_float(dtype)) {
      for (int64_t i = 0; i < count; ++i) to[i] = narrow_to_float(dtype, codes[i * step]);
      return;
    }
    visit_dtype_among<float, Float16, BFloat16>(dtype, [&](auto tag) {
      load_typed<W, typename decltype(tag)::type>(from, step, to, count);
    });
  } else if constexpr (std::is_same_v<W, double>) {
    if (dtype == DType::kString) {
      const auto* texts = static_cast<const std::string*>(from);
      for (int64_t i = 0; i < count; ++i) to[i] = parse_number(texts[i * step]);
      return;
    }
    load_typed<W, double>(from, step, to, count);
  } else if constexpr (std::is_same_v<W, uint64_t>) {
    load_typed<W, uint64_t>(from, step, to, count);
  } else {
    if (is_narrow_integer(dtype)) {
      for (int64_t i = 0; i < count; ++i) to[i] = narrow_integer(dtype, codes[i * step]);
      return;
    }
    visit_dtype_among<int64_t, int32_t, int16_t, int8_t, uint32_t, uint16_t, uint8_t, bool>(
        dtype,
        [&](auto tag) { load_typed<W, typename decltype(tag)::type>(from, step, to, count); });
  }
}

template <typename W>
void store_row(DType dtype, const W* from, void* to, int64_t step, int64_t count,
               const NarrowOptions& options) {
  auto* codes = static_cast<uint8_t*>(to);
  if (is_narrow_float(dtype)) {
    for (int64_t i = 0; i < count; ++i) {
      codes[i * step] = float_to_narrow(dtype, static_cast<float>(from[i]), options);
    }
    return;
  }
  if (is_narrow_integer(dtype)) {
    for (int64_t i = 0; i < count; ++i) {
      auto bits = static_cast<uint64_t>(convert<W, int64_t>(from[i]));
      codes[i * step] = static_cast<uint8_t>(narrow_integer(dtype, bits));
    }
    return;
  }
  if (dtype == DType::kString) {
    auto* texts = static_cast<std::string*>(to);
    for (int64_t i = 0; i < count; ++i) texts[i * step] = format_number(from[i]);
    return;
  }
  visit_dtype_among<float, double, Float16, BFloat16, int64_t, int32_t, int16_t, int8_t, uint64_t,
                    uint32_t, uint16_t, uint8_t, bool>(dtype, [&](auto tag) {
    store_typed<W, typename decltype(tag)::type>(from, to, step, count);
  });
}

template <typename W>
void cast_through(const TensorView& from, const TensorView& to, const NarrowOptions& options,
                  ThreadPool& threads) {
  const TensorDesc* descs[] = {&to, &from};
  elementwise::StridedWalk walk(descs);
  auto from_bytes = static_cast<int64_t>(size_of(from.dtype));
  auto to_bytes = static_cast<int64_t>(size_of(to.dtype));
  threads.parallel_for(walk.count, 8192, [&](int64_t begin, int64_t end) {
    alignas(64) W row[kRow];
    auto cast_row = [&](const elementwise::WalkPosition& position, int64_t points) {
      for (int64_t done = 0; done < points; done += kRow) {
        int64_t count = std::min(kRow, points - done);
        int64_t source = position.offset(1) + done * walk.row_step(1);
        int64_t target = position.offset(0) + done * walk.row_step(0);
        load_row<W>(from.dtype, from.as<std::byte>() + source * from_bytes, walk.row_step(1), row,
                    count);
        store_row<W>(to.dtype, row, to.as<std::byte>() + target * to_bytes, walk.row_step(0), count,
                     options);
      }
    };
    elementwise::for_each_row(walk, begin, end, cast_row);
  });
}

// Strings to integers, exactly.
void parse_integers(const TensorView& from, const TensorView& to, const NarrowOptions& options) {
  const TensorDesc* descs[] = {&to, &from};
  elementwise::StridedWalk walk(descs);
  auto to_bytes = static_cast<int64_t>(size_of(to.dtype));
  auto parse_row = [&](const elementwise::WalkPosition& position, int64_t points) {
    for (int64_t i = 0; i < points; ++i) {
      const auto& text = from.as<std::string>()[position.offset(1) + i * walk.row_step(1)];
      void* target = to.as<std::byte>() + (position.offset(0) + i * walk.row_step(0)) * to_bytes;
      if (std::optional<int64_t> integer = parse_integer(text)) {
        store_row<int64_t>(to.dtype, &*integer, target, 1, 1, options);
      } else if (std::optional<uint64_t> large = parse_unsigned(text)) {
        store_row<uint64_t>(to.dtype, &*large, target, 1, 1, options);
      } else {
        double number = parse_number(text);
        store_row<double>(to.dtype, &number, target, 1, 1, options);
      }
    }
  };
  elementwise::for_each_row(walk, 0, walk.count, parse_row);
}

}  // namespace

bool can_cast(DType from, DType to) {
  auto is_complex = [](DType t) { return t == DType::kComplex64 || t == DType::kComplex128; };
  if (is_complex(from) || is_complex(to)) return from == to;
  return is_known(from) && is_known(to);
}

void load_as_float(DType dtype, const void* from, int64_t step, float* to, int64_t count) {
  switch (dtype) {
    case DType::kInt8: return load_typed<float, int8_t>(from, step, to, count);
    case DType::kUInt8: return load_typed<float, uint8_t>(from, step, to, count);
    case DType::kInt16: return load_typed<float, int16_t>(from, step, to, count);
    case DType::kUInt16: return load_typed<float, uint16_t>(from, step, to, count);
    case DType::kInt32: return load_typed<float, int32_t>(from, step, to, count);
    case DType::kFloat64: return load_typed<float, double>(from, step, to, count);
    default: break;
  }
  if (wide_type_of(dtype) == Wide::kFloat) return load_row<float>(dtype, from, step, to, count);
  int64_t row[kRow];
  const auto* bytes = static_cast<const std::byte*>(from);
  for (int64_t done = 0; done < count; done += kRow) {
    int64_t points = std::min(kRow, count - done);
    load_row<int64_t>(dtype, bytes + done * step * static_cast<int64_t>(size_of(dtype)), step, row,
                      points);
    for (int64_t i = 0; i < points; ++i) to[done + i] = static_cast<float>(row[i]);
  }
}

void cast_elements(const TensorView& from, const TensorView& to, const NarrowOptions& options,
                   ThreadPool& threads) {
  if (from.dtype == to.dtype) return copy_elements(from, to);
  bool to_float = is_floating(to.dtype) || is_narrow_float(to.dtype);
  if (from.dtype == DType::kString && !to_float) return parse_integers(from, to, options);
  switch (wide_type_of(from.dtype)) {
    case Wide::kFloat: return cast_through<float>(from, to, options, threads);
    case Wide::kDouble: return cast_through<double>(from, to, options, threads);
    case Wide::kSigned: return cast_through<int64_t>(from, to, options, threads);
    case Wide::kUnsigned: return cast_through<uint64_t>(from, to, options, threads);
  }
}

}  // namespace convoy
