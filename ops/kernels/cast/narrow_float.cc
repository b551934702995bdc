#include "ops/kernels/cast/narrow_float.h"

#include <bit>
#include <cmath>
#include <limits>

namespace convoy {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// Sign, exponent and mantissa; the codes above `largest` are infinity and NaN where there are any.
struct Format {
  int mantissa_bits;
  int bias;
  uint8_t largest;     // code of the largest finite number
  uint8_t infinity;    // 0: none
  uint8_t nan;         // 0: none
  bool unsigned_zero;  // 0x80 is NaN, not -0
  int bits;
};

Format format_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat8E4M3FN: return {3, 7, 0x7e, 0, 0x7f, false, 8};
    case DType::kFloat8E4M3FNUZ: return {3, 8, 0x7f, 0, 0x80, true, 8};
    case DType::kFloat8E5M2: return {2, 15, 0x7b, 0x7c, 0x7e, false, 8};
    case DType::kFloat8E5M2FNUZ: return {2, 16, 0x7f, 0, 0x80, true, 8};
    default: return {1, 1, 0x7, 0, 0, false, 4};  // float4e2m1
  }
}

float decode_magnitude(const Format& format, int code) {
  int exponent = code >> format.mantissa_bits;
  int mantissa = code & ((1 << format.mantissa_bits) - 1);
  if (exponent == 0) {
    return std::ldexp(static_cast<float>(mantissa), 1 - format.bias - format.mantissa_bits);
  }
  return std::ldexp(static_cast<float>(mantissa + (1 << format.mantissa_bits)),
                    exponent - format.bias - format.mantissa_bits);
}

float decode(const Format& format, uint8_t code) {
  int sign_bit = 1 << (format.bits - 1);
  if (format.unsigned_zero && code == sign_bit) return kNaN;
  int magnitude = code & (sign_bit - 1);
  float value = 0;
  if (magnitude <= format.largest) {
    value = decode_magnitude(format, magnitude);
  } else {
    value = format.infinity != 0 && magnitude == format.infinity ? kInfinity : kNaN;
  }
  return (code & sign_bit) ? -value : value;
}

// The code of a finite magnitude, rounded to nearest even; beyond `largest` where it is too large.
int encode_magnitude(const Format& format, float value) {
  if (value == 0) return 0;
  int exponent = std::max(std::ilogb(value), 1 - format.bias);
  float steps = std::nearbyint(std::ldexp(value, format.mantissa_bits - exponent));
  int code = static_cast<int>(steps) + ((exponent + format.bias - 1) << format.mantissa_bits);
  return std::min(code, 0xff);
}

uint8_t encode(const Format& format, float value, bool saturate) {
  uint8_t sign = std::signbit(value) ? static_cast<uint8_t>(1 << (format.bits - 1)) : 0;
  if (std::isnan(value)) {
    if (format.unsigned_zero) return format.nan;
    if (format.nan == 0) return static_cast<uint8_t>(1 << (format.bits - 1));
    return static_cast<uint8_t>(sign | format.nan);
  }
  float magnitude = std::abs(value);
  int code = std::isinf(magnitude) ? 0xff : encode_magnitude(format, magnitude);
  if (code <= format.largest) {
    if (code == 0 && format.unsigned_zero) return 0;
    return static_cast<uint8_t>(sign | code);
  }
  if (saturate || format.nan == 0) return static_cast<uint8_t>(sign | format.largest);
  if (format.unsigned_zero) return format.nan;
  return static_cast<uint8_t>(sign | (format.infinity != 0 ? format.infinity : format.nan));
}

// The exponent alone, without sign or zero: 2^(code - 127), 0xff is NaN.
uint8_t encode_exponent(float value, const NarrowOptions& options) {
  uint32_t word = std::bit_cast<uint32_t>(value);
  uint32_t exponent = (word >> 23) & 0xff;
  if (exponent == 0xff) return 0xff;
  uint32_t fraction = word & 0x7fffff;
  constexpr uint32_t kHalf = 0x400000;
  // Subnormal floats: 2^-127, the least value of the type, has the fraction kHalf.
  if (exponent == 0) {
    uint32_t limit = options.rounding == NarrowRounding::kUp        ? kHalf
                     : options.rounding == NarrowRounding::kNearest ? kHalf + kHalf / 2
                                                                    : 0x7fffff;
    return fraction > limit ? 1 : 0;
  }
  bool up = false;
  if (options.rounding == NarrowRounding::kUp) up = fraction > 0;
  if (options.rounding == NarrowRounding::kNearest) {
    up = fraction >= kHalf;
  }
  if (options.saturate && exponent == 0xfe) up = false;
  return static_cast<uint8_t>(exponent + (up ? 1 : 0));
}

}  // namespace

bool is_narrow_float(DType dtype) {
  switch (dtype) {
    case DType::kFloat8E4M3FN:
    case DType::kFloat8E4M3FNUZ:
    case DType::kFloat8E5M2:
    case DType::kFloat8E5M2FNUZ:
    case DType::kFloat8E8M0:
    case DType::kFloat4E2M1: return true;
    default: return false;
  }
}

float narrow_to_float(DType dtype, uint8_t code) {
  if (dtype == DType::kFloat8E8M0) {
    return code == 0xff ? kNaN : std::ldexp(1.0f, static_cast<int>(code) - 127);
  }
  return decode(format_of(dtype), code);
}

uint8_t float_to_narrow(DType dtype, float value, const NarrowOptions& options) {
  if (dtype == DType::kFloat8E8M0) return encode_exponent(value, options);
  return encode(format_of(dtype), value, options.saturate);
}

}  // namespace convoy
