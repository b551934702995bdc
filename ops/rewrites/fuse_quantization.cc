// DequantizeLinear(QuantizeLinear(x)) by the same scales and zero points: x rounded to what the
// integers can hold, in one pass that stays in floats. Lowering only.
#include "ops/fused_elementwise.h"
#include "ops/kernels/elementwise/quantize.h"
#include "ops/rewrites/rules.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

using elementwise::Formula;
using elementwise::Operand;

bool is_float32(const ValueType& type) { return type.is_tensor() && type.dtype == DType::kFloat32; }

DType integers_of_match(const Match& match) {
  return match.graph().value(match.node("quantize").outputs[0]).type.dtype;
}

// Scales or zero points of both nodes, as floats; empty where both leave them out, nullopt where
// they differ.
std::optional<std::vector<float>> numbers(const Match& match, const char* forth, const char* back) {
  if (match.has(forth) != match.has(back)) return std::nullopt;
  if (!match.has(forth)) return std::vector<float>{};
  std::vector<double> values = to_doubles(match.tensor(forth));
  if (values != to_doubles(match.tensor(back))) return std::nullopt;
  return std::vector<float>(values.begin(), values.end());
}

// The shape in which a vector along the node's axis broadcasts against x.
std::optional<Shape> along_axis(const Match& match, size_t count) {
  if (count <= 1) return Shape{};
  auto rank = match.type("x").rank();
  int64_t axis = integer_of(match.node("quantize"), "axis", 1);
  if (rank < 1 || integer_of(match.root(), "axis", 1) != axis || axis < -rank || axis >= rank ||
      match.tensor("scale").rank() != 1) {
    return std::nullopt;
  }
  Shape shape = Shape::filled(static_cast<int>(rank), 1);
  shape[static_cast<int>(axis < 0 ? axis + rank : axis)] = static_cast<int64_t>(count);
  return shape;
}

Refusal why_not(const Match& match) {
  if (!is_float32(match.type("x")) || !is_float32(match.output_type())) return "only float32";
  const DType integers = integers_of_match(match);
  if (!integer_range(integers) || bits_of(integers) < 8) return "only integers of 8 and 16 bits";
  const Node& quantize = match.node("quantize");
  if (integer_of(quantize, "precision", 1) > 1) return "the quotient is rounded to another type";
  auto scales = numbers(match, "scale", "scale_back");
  auto zeros = numbers(match, "zero", "zero_back");
  if (!scales || !zeros) return "another scale or zero point leads back";
  if (integer_of(quantize, "block_size", 0) != 0 || !along_axis(match, scales->size()) ||
      (zeros->size() > 1 && zeros->size() != scales->size())) {
    return "the scales are none of one axis";
  }
  return std::nullopt;
}

std::vector<ValueId> fuse(const Match& match, GraphBuilder& builder) {
  const IntegerRange range = *integer_range(integers_of_match(match));
  elementwise::Program program;
  std::vector<ValueId> inputs = {match.value("x")};
  auto operand = [&](const std::vector<float>& numbers) {
    if (numbers.empty()) return Operand::number(0);
    if (numbers.size() == 1) return Operand::number(numbers[0]);
    inputs.push_back(
        builder.constant(Tensor::from<float>(*along_axis(match, numbers.size()), numbers)));
    return Operand::input(static_cast<int>(inputs.size()) - 1);
  };
  const Operand scale = operand(*numbers(match, "scale", "scale_back"));
  const Operand zero = operand(*numbers(match, "zero", "zero_back"));
  program.inputs = static_cast<int>(inputs.size());
  program.outputs = {program.add(Formula::kFakeQuantize, {Operand::input(0), scale, zero},
                                 {range.low, range.high})};
  return {builder.node("FusedElementwise", std::move(inputs), fused_attributes(program),
                       match.output_type(), kPrivateDomain)};
}

}  // namespace

std::vector<RewriteStep> fuse_quantization() {
  Pattern quantized =
      op("QuantizeLinear", {any("x"), constant("scale"), constant("zero").optional()})
          .named("quantize");
  Pattern back =
      op("DequantizeLinear", {quantized, constant("scale_back"), constant("zero_back").optional()});
  return {Rule{"fuse_quantization", RuleSet::kLowering, back, why_not, fuse}};
}

}  // namespace convoy
