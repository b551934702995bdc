// Scales and zero points of com.microsoft's operators on 8-bit integers, and functions of one such
// integer as tables.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "runtime/op/kernel.h"

namespace convoy {

inline bool is_8bit(DType dtype) { return dtype == DType::kUInt8 || dtype == DType::kInt8; }

// One scale and one zero point for a whole tensor.
struct Quantization {
  float scale = 1;
  int32_t zero = 0;
};

// Where an operator has the scale and the zero point of a tensor; the zero point may be left out.
struct QuantizationSlots {
  int scale;
  int zero;
};

// Throws unless these operands are one float32 and one element of type `dtype`.
void check_quantization(const KernelRequest& request, const QuantizationSlots& slots, DType dtype);
Quantization read_quantization(const KernelContext& context, const QuantizationSlots& slots);

// Bytes to bytes: element 200 is for the uint8 200 and for the int8 -56.
using ByteTable = std::array<uint8_t, 256>;

// The integer nearest to value, half to even, plus zero, saturated to `low` … `high`; NaN becomes
// the lowest. |high - low| is below 2^22.
inline int32_t round_to_integer(float value, int32_t zero, int32_t low, int32_t high) {
  constexpr float kMagic = 12582912.0f;  // 1.5 · 2^23: adding it rounds
  auto lowest = static_cast<float>(low - zero);
  auto highest = static_cast<float>(high - zero);
  value = value > lowest ? value : lowest;
  value = value < highest ? value : highest;
  return static_cast<int32_t>((value + kMagic) - kMagic) + zero;
}

template <typename T>
T quantize_value(float value, int32_t zero) {
  return static_cast<T>(round_to_integer(value, zero, std::numeric_limits<T>::lowest(),
                                         std::numeric_limits<T>::max()));
}

// quantize(f(dequantize(x))) for every x of an 8-bit type.
template <typename F>
ByteTable quantized_table(DType dtype, const Quantization& from, const Quantization& to,
                          const F& f) {
  ByteTable table{};
  visit_dtype_among<uint8_t, int8_t>(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (size_t i = 0; i < table.size(); ++i) {
      int32_t x = static_cast<T>(static_cast<uint8_t>(i));
      float value = f(static_cast<float>(x - from.zero) * from.scale);
      table[i] = static_cast<uint8_t>(quantize_value<T>(value / to.scale, to.zero));
    }
  });
  return table;
}

inline ByteTable requantizing_table(DType dtype, const Quantization& from, const Quantization& to) {
  bool same = from.scale == to.scale && from.zero == to.zero;
  if (!same) return quantized_table(dtype, from, to, [](float x) { return x; });
  ByteTable table{};
  for (size_t i = 0; i < table.size(); ++i) table[i] = static_cast<uint8_t>(i);
  return table;
}

class Registry;
void register_qlinear_binary(Registry& registry);
void register_qlinear_concat(Registry& registry);

}  // namespace convoy
