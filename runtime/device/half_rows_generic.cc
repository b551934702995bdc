// Without branches, so that compilers make vectors of the loops.
#include <bit>

#include "runtime/device/half_rows.h"

namespace convoy {
namespace {

uint32_t bits_of(float x) { return std::bit_cast<uint32_t>(x); }
float float_of(uint32_t bits) { return std::bit_cast<float>(bits); }

void widen_float16(const uint16_t* from, float* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t sign = static_cast<uint32_t>(from[i] & 0x8000u) << 16;
    const int32_t magnitude = from[i] & 0x7fff;
    const uint32_t moved = static_cast<uint32_t>(magnitude) << 13;
    const uint32_t finite = moved + 0x38000000u;
    const uint32_t normal = magnitude >= 0x7c00 ? moved | 0x7f800000u : finite;
    const uint32_t subnormal = bits_of(static_cast<float>(magnitude) * 0x1p-24f);
    to[i] = float_of(sign | (magnitude < 0x400 ? subnormal : normal));
  }
}

void narrow_float16(const float* from, uint16_t* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t word = bits_of(from[i]);
    const uint32_t sign = (word >> 16) & 0x8000u;
    const uint32_t magnitude = word & 0x7fffffffu;
    const uint32_t rounded = (magnitude + 0xfffu + ((magnitude >> 13) & 1u) - 0x38000000u) >> 13;
    // Adding 0.5 aligns the subnormal's last bit with the float's, rounding to nearest even.
    const uint32_t subnormal = bits_of(float_of(magnitude) + 0.5f) - 0x3f000000u;
    const auto size = static_cast<int32_t>(magnitude);
    const uint32_t special = size > 0x7f800000 ? 0x7e00u : 0x7c00u;
    const uint32_t finite = size < 0x38800000 ? subnormal : rounded;
    to[i] = static_cast<uint16_t>(sign | (size >= 0x477ff000 ? special : finite));
  }
}

void widen_bfloat16(const uint16_t* from, float* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = float_of(static_cast<uint32_t>(from[i]) << 16);
}

void narrow_bfloat16(const float* from, uint16_t* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t word = bits_of(from[i]);
    const uint32_t rounded = (word + 0x7fffu + ((word >> 16) & 1u)) >> 16;
    const uint32_t quiet = (word >> 16) | 0x40u;
    const auto magnitude = static_cast<int32_t>(word & 0x7fffffffu);
    to[i] = static_cast<uint16_t>(magnitude > 0x7f800000 ? quiet : rounded);
  }
}

}  // namespace

const HalfRows half_rows_generic = {widen_float16, narrow_float16, widen_bfloat16, narrow_bfloat16};

}  // namespace convoy
