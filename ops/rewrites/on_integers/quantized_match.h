// What rewrites to operators on 8-bit integers match and ask: values that are dequantized, results
// that are quantized, by constant scales and zero points.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/graph/builder.h"
#include "runtime/rewrite/rule.h"

namespace convoy::on_integers {

// DequantizeLinear of `name`, by constants NAME_scale and NAME_zero. Others may read it too.
Pattern dequantized(const std::string& name);
Pattern dequantized_constant(const std::string& name);
// QuantizeLinear, by constants y_scale and y_zero.
Pattern quantized(const Pattern& floats);
// With Relu or Clip behind it.
Pattern perhaps_clipped(const Pattern& floats);

// Of `name`, "y" for the result.
struct Quantized {
  DType dtype = DType::kUndefined;
  std::vector<double> scales;
  std::vector<double> zeros;  // as many as scales, or one

  bool is_one() const { return scales.size() == 1 && zeros.size() == 1; }
  double scale() const { return scales[0]; }
  double zero() const { return zeros[0]; }
  friend bool operator==(const Quantized&, const Quantized&) = default;
};

// nullopt: not 8-bit integers, no float32 and scales of float32, or blocks of them.
std::optional<Quantized> quantization_of(const Match& match, const std::string& name);
// The same, of one scale and one zero point.
std::optional<Quantized> one_of(const Match& match, const std::string& name);
// Are the weights "w" quantized as a whole, or by `axis`, which has `count` elements?
bool along(const Match& match, const Quantized& weights, int64_t axis, int64_t count);

// Does what the result can hold end within the bounds that the floats are clipped to? Rounding and
// saturating keep their order.
bool clips_nothing(const Match& match, const Quantized& y);

// Does the processor multiply bytes, and are x, the weights "w" along `axis` and y 8-bit integers
// that go together? Then an activation goes into the rounding, and the bias "b" is near whole steps
// of the products.
Refusal may_multiply(const Match& match, int64_t axis);

// The bias in steps of the products; nullopt where rounding it would show in the result. Empty
// where there is none.
std::optional<std::vector<int32_t>> integer_bias(const Match& match, int64_t channels);

// x, its scale and zero point, the weights', y's, and the bias, as QLinearConv has them.
std::vector<ValueId> linear_operands(const Match& match, GraphBuilder& builder, ValueId weights,
                                     int64_t channels);

Refusal may_use_integers(const Match& match);

// The zero point of `name`; 0 where it is left out.
ValueId zero_of(const Match& match, GraphBuilder& builder, const std::string& name);

// The integers of `name`, their scale and zero point, as operators on integers take them.
std::vector<ValueId> operand_of(const Match& match, GraphBuilder& builder, const std::string& name);

// The rules, by what they take.
Rule convolve_integers();
Rule multiply_integer_matrices();
Rule multiply_integer_gemm();
Rule combine_integers();
Rule move_integers();
Rule concatenate_integers();
Rule tabulate_functions();

}  // namespace convoy::on_integers
