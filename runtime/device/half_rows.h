// Rows of 16-bit floats to and from float32, by instruction set.
#pragma once

#include <cstdint>

#include "runtime/device/per_isa.h"

namespace convoy {

using WidenRow = void (*)(const uint16_t* from, float* to, int64_t count);
using NarrowRow = void (*)(const float* from, uint16_t* to, int64_t count);

// Contiguous rows that do not overlap, as bits. Every 16-bit float is a float32; the way back
// rounds to nearest even, overflows to infinity, and keeps NaN a NaN (of some payload).
struct HalfRows {
  WidenRow widen_float16;
  NarrowRow narrow_float16;
  WidenRow widen_bfloat16;
  NarrowRow narrow_bfloat16;
};

const HalfRows& half_rows(Isa isa);

CONVOY_DECLARE_PER_ISA(extern const HalfRows, half_rows);

}  // namespace convoy
