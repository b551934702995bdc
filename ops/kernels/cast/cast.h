// Conversion of element types, as ONNX's Cast defines it.
#pragma once

#include <limits>
#include <type_traits>

#include "ops/kernels/cast/narrow_float.h"
#include "runtime/base/parallel_for.h"
#include "runtime/device/tensor_view.h"

namespace convoy {

// Out of range gives the type's lowest value, as processors do; never undefined behaviour.
template <typename Int, typename Real>
Int truncate(Real value) {
  if constexpr (sizeof(Int) < sizeof(int32_t)) {
    return static_cast<Int>(truncate<int32_t>(value));
  } else if constexpr (std::is_same_v<Int, uint32_t>) {
    return static_cast<Int>(truncate<int64_t>(value));
  } else {
    constexpr Real kLow = static_cast<Real>(std::numeric_limits<Int>::min());
    // One past the largest value, a power of two.
    constexpr Real kHigh = static_cast<Real>(std::numeric_limits<Int>::max() / 2 + 1) * 2;
    if (value >= kLow && value < kHigh) return static_cast<Int>(value);
    if constexpr (std::is_unsigned_v<Int>) {
      if (value > -static_cast<Real>(uint64_t{1} << 63) && value < 0) {
        return static_cast<Int>(static_cast<int64_t>(value));
      }
    }
    return std::numeric_limits<Int>::min();
  }
}

// False for pairs that ONNX has no conversion for (complex numbers to others).
bool can_cast(DType from, DType to);

// Converts the elements of plain views of equal shape, any strides. Floats become integers by
// truncation, narrower integers keep their low bits; what does not fit an integer type is
// unspecified but harmless, strings that are no numbers throw kInvalidInput.
void cast_elements(const TensorView& from, const TensorView& to, const NarrowOptions& options,
                   ThreadPool& threads);

// Elements of any type but strings and complex numbers as floats, every `step`-th.
void load_as_float(DType dtype, const void* from, int64_t step, float* to, int64_t count);

}  // namespace convoy
