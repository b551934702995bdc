// MatMul of a Softmax in 16-bit floats: what the Softmax returns stays float32 until the product is
// rounded. Lowering only.
#include "ops/rewrites/rules.h"

namespace convoy {
namespace {

constexpr auto kFloat = static_cast<int64_t>(DType::kFloat32);

ValueType widened(ValueType type) {
  type.dtype = DType::kFloat32;
  return type;
}

ValueId widen(GraphBuilder& builder, ValueId value) {
  return builder.node("Cast", {value}, {{"to", kFloat}}, widened(builder.type(value)));
}

}  // namespace

std::vector<RewriteStep> keep_softmax_digits() {
  Pattern softmax = op("Softmax", {any("x")}).named("softmax");
  Rule rule{"keep_softmax_digits", RuleSet::kLowering, op("MatMul", {softmax, any("v")}),
            [](const Match& match) -> Refusal {
              DType dtype = match.output_type().dtype;
              bool half = dtype == DType::kFloat16 || dtype == DType::kBFloat16;
              return half ? Refusal() : "only 16-bit floats";
            },
            [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
              const Node& softmax = match.node("softmax");
              ValueType type = match.graph().value(softmax.outputs[0]).type;
              ValueId p = builder.node_like(softmax, {widen(builder, match.value("x"))},
                                            widened(std::move(type)));
              ValueId y = builder.node_like(match.root(), {p, widen(builder, match.value("v"))},
                                            widened(match.output_type()));
              auto dtype = static_cast<int64_t>(match.output_type().dtype);
              return {builder.node("Cast", {y}, {{"to", dtype}}, match.output_type())};
            }};
  rule.quiet = true;
  return {rule};
}

}  // namespace convoy
