// Conv along one axis as Conv along two, for ONNX Runtime: it blocks the channels of the latter
// only. docs/decisions/0006-merged-forms.md has the figures.
#include "ops/batching/rules.h"
#include "ops/rewrites/rules.h"
#include "ops/rewrites/squeeze_axes.h"
#include "runtime/graph/node_attributes.h"
#include "runtime/rewrite/optimize.h"

namespace convoy {
namespace {

constexpr int64_t kAxis = 2;
constexpr int64_t kBlock = 8;  // channels

bool is_for_onnxruntime(const Match& match) {
  return match.options != nullptr && match.options->target == RewriteTarget::kOrt;
}

Refusal may_lift(const Match& match) {
  const Tensor& weight = match.tensor("w");
  if (!is_for_onnxruntime(match)) return "only ONNX Runtime gains from it";
  if (weight.rank() != 3 || match.type("x").rank() != 3) return "it has not one spatial axis";
  if (weight.dtype() != DType::kFloat32) return "only float32";
  int64_t group = integer_of(match.root(), "group", 1);
  if (group < 2 || weight.shape()[0] % group != 0) return "one group gains nothing";
  bool depthwise = weight.shape()[1] == 1 && weight.shape()[0] == group && group % kBlock == 0;
  bool blocked = weight.shape()[1] % kBlock == 0 && weight.shape()[0] / group % kBlock == 0;
  if (!depthwise && !blocked) return "the channels of a group do not fill blocks";
  if (!window_along_axis(match.root(), 3, 2)) return "its window has not one axis";
  return std::nullopt;
}

ValueType lifted(const ValueType& type) {
  ValueType result = type;
  if (result.shape) result.shape->insert(result.shape->begin() + kAxis, Dimension{1, ""});
  return result;
}

Rule lift_conv() {
  Rule rule{"lift_conv", RuleSet::kPortable, op("Conv", {any("x"), constant("w")}).rest(), may_lift,
            [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
              Shape shape = match.tensor("w").shape();
              shape.insert(static_cast<int>(kAxis), 1);
              std::vector<ValueId> inputs = match.root().inputs;
              inputs[0] = builder.unsqueeze(match.value("x"), {kAxis});
              Tensor weight = match.tensor("w").contiguous().reshaped(shape);
              inputs[1] = builder.constant(weight, "weight");
              ValueId y = builder.node_like(*window_along_axis(match.root(), 3, 2),
                                            std::move(inputs), lifted(match.output_type()));
              return {builder.squeeze(y, {kAxis})};
            }};
  rule.quiet = true;
  return rule;
}

bool removes_lifted_axis(const Match& match) {
  auto axes = squeeze_axes(match.graph(), match.node("squeeze"));
  return axes && *axes == std::vector<int64_t>{kAxis};
}

// Nothing beside its first operand depends on the axes of that.
bool has_only_numbers_beside(const Match& match) {
  const std::vector<ValueId>& inputs = match.root().inputs;
  return std::all_of(inputs.begin() + 1, inputs.end(), [&](ValueId input) {
    return input == ValueId::kNone || match.graph().value(input).type.rank() == 0;
  });
}

// Squeezes move down through what treats every element, or every channel, alike.
Rule lower_squeeze() {
  Pattern squeeze = op("Squeeze", {any("x")}).rest().named("squeeze");
  Rule rule{"lower_squeeze", RuleSet::kPortable,
            any_of({op_with(&OpDef::passes_transposes, {squeeze}).rest(),
                    op("BatchNormalization", {squeeze}).rest()}),
            [](const Match& match) -> Refusal {
              if (!is_for_onnxruntime(match)) return "only ONNX Runtime gains from it";
              bool fits = removes_lifted_axis(match) && match.root().outputs.size() == 1;
              if (!fits) return "it is another axis";
              fits = match.root().is("BatchNormalization") || has_only_numbers_beside(match);
              return fits ? Refusal() : "another operand has axes";
            },
            [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
              std::vector<ValueId> inputs = match.root().inputs;
              inputs[0] = match.value("x");
              ValueId y =
                  builder.node_like(match.root(), std::move(inputs), lifted(match.output_type()));
              return {builder.squeeze(y, {kAxis})};
            }};
  rule.quiet = true;
  return rule;
}

}  // namespace

std::vector<RewriteStep> lift_convolutions() { return {lift_conv(), lower_squeeze()}; }

}  // namespace convoy
