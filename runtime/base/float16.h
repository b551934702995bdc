// IEEE half precision and bfloat16 as storage types: arithmetic happens in float.
#pragma once

#include <bit>
#include <cstdint>

namespace convoy {

// Round to nearest even; overflow gives infinity; NaN stays NaN.
uint16_t float_to_half_bits(float value);
float half_bits_to_float(uint16_t bits);

struct Float16 {
  uint16_t bits = 0;
  Float16() = default;
  Float16(float value) : bits(float_to_half_bits(value)) {}  // NOLINT: implicit by design
  operator float() const { return half_bits_to_float(bits); }
};

struct BFloat16 {
  uint16_t bits = 0;
  BFloat16() = default;
  BFloat16(float value) {  // NOLINT: implicit by design
    uint32_t word = std::bit_cast<uint32_t>(value);
    bool is_nan = (word & 0x7fffffffu) > 0x7f800000u;
    bits = is_nan ? static_cast<uint16_t>((word >> 16) | 0x40u)
                  : static_cast<uint16_t>((word + 0x7fffu + ((word >> 16) & 1u)) >> 16);
  }
  operator float() const { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }
};

static_assert(sizeof(Float16) == 2 && sizeof(BFloat16) == 2);

}  // namespace convoy
