// How ScatterElements, ScatterND combine an update with the element that it falls on.
#pragma once

#include <cstring>
#include <string>
#include <type_traits>

#include "runtime/base/dtype.h"

namespace convoy {

enum class ScatterReduction { kNone, kAdd, kMultiply, kMinimum, kMaximum };

// Throws kInvalidModel for a name that ONNX does not know.
inline ScatterReduction scatter_reduction(std::string_view name) {
  if (name == "none") return ScatterReduction::kNone;
  if (name == "add") return ScatterReduction::kAdd;
  if (name == "mul") return ScatterReduction::kMultiply;
  if (name == "min") return ScatterReduction::kMinimum;
  if (name == "max") return ScatterReduction::kMaximum;
  fail(ErrorCode::kInvalidModel, "the reduction '{}' is not known", name);
}

// Integers wrap around; 16-bit floats compute in float; NaN wins over numbers in min and max;
// on bool, + and max are "or", · and min are "and".
template <ScatterReduction kReduction, typename T>
T combined(const T& old, const T& update) {
  using Wide = std::conditional_t<std::is_integral_v<T>, uint64_t,
                                  std::conditional_t<std::is_same_v<T, double>, double, float>>;
  if constexpr (std::is_same_v<T, bool>) {
    constexpr bool kOr =
        kReduction == ScatterReduction::kAdd || kReduction == ScatterReduction::kMaximum;
    return kOr ? old || update : old && update;
  } else if constexpr (kReduction == ScatterReduction::kAdd) {
    return static_cast<T>(static_cast<Wide>(old) + static_cast<Wide>(update));
  } else if constexpr (kReduction == ScatterReduction::kMultiply) {
    return static_cast<T>(static_cast<Wide>(old) * static_cast<Wide>(update));
  } else {
    if (update != update) return update;
    bool smaller = update < old;
    bool larger = update > old;
    return (kReduction == ScatterReduction::kMinimum ? smaller : larger) ? update : old;
  }
}

// Calls run(TypeTag<T>{}, combine) where combine(T& old, const T& update). Without a reduction, T
// is any type of the element's size.
template <typename Run>
void visit_scatter(ScatterReduction reduction, DType dtype, Run&& run) {
  if (reduction == ScatterReduction::kNone) {
    auto assign = [&](auto zero) {
      using T = decltype(zero);
      run(TypeTag<T>{}, [](T& old, const T& update) { old = update; });
    };
    if (dtype == DType::kString) return assign(std::string());
    switch (size_of(dtype)) {
      case 1: return assign(uint8_t{});
      case 2: return assign(uint16_t{});
      case 4: return assign(uint32_t{});
      case 8: return assign(uint64_t{});
      default: return assign(std::complex<double>{});
    }
  }
  visit_dtype_among<float, int64_t, int32_t, double, Float16, BFloat16, int8_t, uint8_t, int16_t,
                    uint16_t, uint32_t, uint64_t, bool>(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    run(tag, [reduction](T& old, const T& update) {
      switch (reduction) {
        case ScatterReduction::kAdd: old = combined<ScatterReduction::kAdd>(old, update); break;
        case ScatterReduction::kMultiply:
          old = combined<ScatterReduction::kMultiply>(old, update);
          break;
        case ScatterReduction::kMinimum:
          old = combined<ScatterReduction::kMinimum>(old, update);
          break;
        default: old = combined<ScatterReduction::kMaximum>(old, update); break;
      }
    });
  });
}

}  // namespace convoy
