// Floating types of at most eight bits, stored one to a byte.
#pragma once

#include "runtime/base/dtype.h"

namespace convoy {

// kUp and kDown are away from and towards zero; used by float8e8m0 only, the others round to
// nearest even.
enum class NarrowRounding { kNearest, kUp, kDown };

struct NarrowOptions {
  // What is too large becomes the largest finite number; otherwise infinity or NaN, whichever the
  // type has.
  bool saturate = true;
  NarrowRounding rounding = NarrowRounding::kUp;
};

// float8 of every kind and float4e2m1.
bool is_narrow_float(DType dtype);

// The value of a code of a narrow type.
float narrow_to_float(DType dtype, uint8_t code);

// The code of the nearest value; NaN becomes -0 in a type that has none.
uint8_t float_to_narrow(DType dtype, float value, const NarrowOptions& options);

}  // namespace convoy
