#include "ops/rewrites/on_integers/quantized_match.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/qlinear/qlinear.h"
#include "runtime/graph/node_attributes.h"
#include "runtime/rewrite/optimize.h"

namespace convoy::on_integers {
namespace {

constexpr double kMostSum = 1 << 30;  // of products, and as much of a bias

Pattern dequantized_by(const std::string& name, const Pattern& integers) {
  return op("DequantizeLinear",
            {integers, constant(name + "_scale"), constant(name + "_zero").optional()})
      .named(name + "_node")
      .shared();
}

DType integers_of(const Match& match, const std::string& name) {
  const ValueType& type = name == "y" ? match.output_type() : match.type(name);
  return type.is_tensor() ? type.dtype : DType::kUndefined;
}

std::optional<std::vector<double>> bias_of(const Match& match) {
  if (!match.has("b")) return std::vector<double>{};
  std::vector<double> numbers = to_doubles(match.tensor("b"));
  if (!match.has("b_scale")) return numbers;
  const std::vector<double> scales = to_doubles(match.tensor("b_scale"));
  const std::vector<double> zeros =
      match.has("b_zero") ? to_doubles(match.tensor("b_zero")) : std::vector<double>{0};
  auto fits = [&](size_t count) { return count == 1 || count == numbers.size(); };
  if (!fits(scales.size()) || !fits(zeros.size())) return std::nullopt;
  for (size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] =
        (numbers[i] - zeros[zeros.size() == 1 ? 0 : i]) * scales[scales.size() == 1 ? 0 : i];
  }
  return numbers;
}

}  // namespace

Pattern dequantized(const std::string& name) { return dequantized_by(name, any(name)); }
Pattern dequantized_constant(const std::string& name) {
  return dequantized_by(name, constant(name));
}

Pattern quantized(const Pattern& floats) {
  return op("QuantizeLinear", {floats, constant("y_scale"), constant("y_zero").optional()})
      .named("y_node");
}

Pattern perhaps_clipped(const Pattern& floats) {
  return any_of(
      {op("Relu", {floats}).named("clip"),
       op("Clip", {floats, constant("low").optional(), constant("high").optional()}).named("clip"),
       floats});
}

std::optional<Quantized> quantization_of(const Match& match, const std::string& name) {
  const Node& node = match.node(name + "_node");
  const Tensor& scale = match.tensor(name + "_scale");
  const bool to_floats = name != "y";
  if (to_floats && integer_of(node, "output_dtype", 1) > 1) return std::nullopt;
  Quantized result{integers_of(match, name), {}, {0}};
  if (!is_8bit(result.dtype) || scale.dtype() != DType::kFloat32 || scale.rank() > 1 ||
      integer_of(node, "block_size", 0) != 0 || integer_of(node, "precision", 1) > 1) {
    return std::nullopt;
  }
  result.scales = to_doubles(scale);
  for (double number : result.scales) {
    constexpr double kLeast = 1e-30;  // factors of two scales are to be finite
    if (!(number >= kLeast && number <= 1 / kLeast)) return std::nullopt;
  }
  if (match.has(name + "_zero")) result.zeros = to_doubles(match.tensor(name + "_zero"));
  const bool fits = result.zeros.size() == 1 || result.zeros.size() == result.scales.size();
  return fits && !result.scales.empty() ? std::optional(result) : std::nullopt;
}

// The same, of one scale and one zero point.
std::optional<Quantized> one_of(const Match& match, const std::string& name) {
  auto result = quantization_of(match, name);
  return result && result->is_one() ? result : std::nullopt;
}

// Are weights quantized as a whole, or by `axis`, which has `count` elements?
bool along(const Match& match, const Quantized& weights, int64_t axis, int64_t count) {
  if (weights.is_one()) return true;
  const int64_t rank = match.tensor("w").rank();
  int64_t given = integer_of(match.node("w_node"), "axis", 1);
  if (given < 0) given += rank;
  return given == axis && static_cast<int64_t>(weights.scales.size()) == count;
}

// Does what the result can hold end within the bounds that the floats are clipped to? Rounding and
// saturating keep their order.
bool clips_nothing(const Match& match, const Quantized& y) {
  if (!match.has("clip")) return true;
  const Node& clip = match.node("clip");
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double low = 0, high = kInfinity;
  if (clip.is("Clip") && clip.version < 11) {
    low = number_of(clip, "min", std::numeric_limits<float>::lowest());
    high = number_of(clip, "max", std::numeric_limits<float>::max());
  } else if (clip.is("Clip")) {
    auto bound = [&](const char* name, double otherwise) {
      if (!match.has(name)) return otherwise;
      const std::vector<double> numbers = to_doubles(match.tensor(name));
      return numbers.size() == 1 ? numbers[0] : std::nan("");
    };
    low = bound("low", -kInfinity);
    high = bound("high", kInfinity);
  }
  auto integer = [&](double bound) { return std::nearbyint(bound / y.scale()) + y.zero(); };
  const bool is_signed = y.dtype == DType::kInt8;
  return integer(low) <= (is_signed ? -128 : 0) && integer(high) >= (is_signed ? 127 : 255) &&
         low <= high;
}

Refusal may_use_integers(const Match& match) {
  if (!match.options->multiplies_bytes) return "nothing multiplies bytes here";
  return std::nullopt;
}

// The zero point of `name`; 0 where it is left out.
ValueId zero_of(const Match& match, GraphBuilder& builder, const std::string& name) {
  if (match.has(name + "_zero")) return match.value(name + "_zero");
  return builder.constant(Tensor::zeros(integers_of(match, name), {}));
}

std::vector<ValueId> operand_of(const Match& match, GraphBuilder& builder,
                                const std::string& name) {
  return {match.value(name), match.value(name + "_scale"), zero_of(match, builder, name)};
}

// The bias in steps of the products; nullopt where rounding it would show in the result.
std::optional<std::vector<int32_t>> integer_bias(const Match& match, int64_t channels) {
  constexpr double kMostError = 0.125;  // of a step of the result
  const auto x = one_of(match, "x"), w = quantization_of(match, "w"), y = one_of(match, "y");
  const auto bias = bias_of(match);
  if (!bias || (!bias->empty() && static_cast<int64_t>(bias->size()) != channels)) {
    return std::nullopt;
  }
  std::vector<int32_t> steps;
  for (size_t i = 0; i < bias->size(); ++i) {
    const double step = x->scale() * w->scales[w->scales.size() == 1 ? 0 : i];
    const double exact = (*bias)[i] / step, rounded = std::nearbyint(exact);
    if (!(std::abs(rounded) <= kMostSum)) return std::nullopt;
    if (std::abs(exact - rounded) * step > kMostError * y->scale()) return std::nullopt;
    steps.push_back(static_cast<int32_t>(rounded));
  }
  return steps;
}

namespace {

// Can sums of so many terms leave 32 bits, with a bias of up to 2^30?
bool may_overflow(const Quantized& weights, int64_t terms) {
  const double middle = weights.dtype == DType::kInt8 ? 0 : 128;
  auto is_middle = [&](double zero) { return zero == middle; };
  const double largest = std::ranges::all_of(weights.zeros, is_middle) ? 128 : 255;
  return static_cast<double>(terms) * 255 * largest > kMostSum;
}

}  // namespace

Refusal may_multiply(const Match& match, int64_t axis) {
  if (Refusal refusal = may_use_integers(match)) return refusal;
  const auto x = one_of(match, "x"), y = one_of(match, "y");
  const auto w = quantization_of(match, "w");
  if (!x || !y || !w || x->dtype != y->dtype) return "not 8-bit integers of one scale";
  const int64_t channels = match.tensor("w").shape()[static_cast<int>(axis)];
  if (!along(match, *w, axis, channels)) return "the weights have scales for another axis";
  if (!clips_nothing(match, *y)) return "the activation cuts off more than the integers do";
  if (!integer_bias(match, channels)) return "the bias does not fit";
  if (may_overflow(*w, match.tensor("w").count() / channels)) return "sums may exceed 2^31";
  return std::nullopt;
}

std::vector<ValueId> linear_operands(const Match& match, GraphBuilder& builder, ValueId weights,
                                     int64_t channels) {
  std::vector<ValueId> operands = operand_of(match, builder, "x");
  operands.insert(operands.end(), {weights, match.value("w_scale"), zero_of(match, builder, "w"),
                                   match.value("y_scale"), zero_of(match, builder, "y")});
  const std::vector<int32_t> bias = *integer_bias(match, channels);
  if (!bias.empty()) {
    operands.push_back(builder.constant(Tensor::from<int32_t>({channels}, bias)));
  }
  return operands;
}

}  // namespace convoy::on_integers
