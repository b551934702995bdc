// Quantized values, for tests of rewrites.
#pragma once

#include <vector>

#include "tests/rewrite/graph_case.h"

namespace convoy::testing {

template <typename T>
ValueId constant_of(GraphCase& test, const Shape& shape, const std::vector<T>& values) {
  return test.graph().add_constant(Tensor::from<T>(shape, values), "c");
}

// DequantizeLinear(QuantizeLinear(x)) by one scale and zero point.
template <typename T>
ValueId quantized_and_back(GraphCase& test, ValueId x, float scale, T zero) {
  ValueId s = test.floats({}, {scale});
  ValueId z = constant_of<T>(test, {}, {zero});
  return test.node("DequantizeLinear", {test.node("QuantizeLinear", {x, s, z}), s, z});
}

// A weight that is dequantized by one scale, or by one for each index of axis 0. `seed` makes
// others.
inline ValueId dequantized_weight(GraphCase& test, const Shape& shape, int seed = 0,
                                  bool by_channel = true) {
  std::vector<int8_t> values;
  for (int64_t i = 0; i < element_count(shape); ++i) {
    values.push_back(static_cast<int8_t>((i * 37 + seed * 11) % 251 - 125));
  }
  std::vector<float> scales;
  for (int64_t i = 0; i < (by_channel ? shape[0] : 1); ++i) {
    scales.push_back(0.01F + 0.003F * static_cast<float>(i + seed));
  }
  return test.node("DequantizeLinear",
                   {constant_of<int8_t>(test, shape, values),
                    test.floats(by_channel ? Shape{shape[0]} : Shape{}, scales)},
                   {{"axis", int64_t{0}}});
}

}  // namespace convoy::testing
