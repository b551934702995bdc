// x / √(mean(x²) + ε) · scale over the last axis becomes RMSNormalization: in the portable set
// where the model's opset has it (23), in a session always.
#include <algorithm>

#include "ops/rewrites/epilogues.h"
#include "ops/rewrites/rules.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

constexpr int kFirstVersion = 23;

Refusal is_rms_normalization(const Match& match) {
  const ValueType& type = match.type("x");
  int rank = type.rank();
  if (!type.is_tensor() || !is_floating(type.dtype)) return "the type is not floating";
  if (rank < 1 || !type.shape->back().known()) return "the last dimension is not known";
  const Node& mean = match.node("mean");
  auto axes = integers_of(match.graph(), mean, "axes", 1);
  bool last = axes && axes->size() == 1 && ((*axes)[0] == -1 || (*axes)[0] == rank - 1);
  if (!last || integer_of(mean, "keepdims", 1) != 1) return "the mean is not over the last axis";
  const Tensor& scale = match.tensor("scale");
  if (scale.rank() != 1 || scale.shape()[0] != type.shape->back().size) {
    return "scale is not one for each element of the last axis";
  }
  if (match.tensor("epsilon").count() != 1) return "epsilon is not one number";
  return keeps_rank_of(match, "x");
}

}  // namespace

std::vector<RewriteStep> recognize_rms_normalization(RuleSet set) {
  Pattern x = any("x");
  Pattern square = any_of({op("Pow", {x, scalar(2)}), op("Mul", {x, x})});
  Pattern mean = op("ReduceMean", {square}).rest().named("mean");
  Pattern root = op("Sqrt", {op("Add", {mean, constant("epsilon")})});
  Pattern inverse = any_of({op("Reciprocal", {root}), op("Div", {scalar(1), root})});
  Pattern normalized = any_of({op("Mul", {x, inverse}), op("Div", {x, root})});
  Rule rule{
      "recognize_rms_normalization", set, op("Mul", {normalized, constant("scale")}),
      [set](const Match& match) -> Refusal {
        if (set == RuleSet::kPortable && match.root().version < kFirstVersion) {
          return fmt::format("opset {} has no RMSNormalization", match.root().version);
        }
        return is_rms_normalization(match);
      },
      [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
        auto epsilon = static_cast<float>(to_doubles(match.tensor("epsilon"))[0]);
        return {builder.node("RMSNormalization", {match.value("x"), match.value("scale")},
                             {{"axis", int64_t{-1}}, {"epsilon", epsilon}}, match.output_type(), "",
                             std::max(kFirstVersion, match.root().version))};
      }};
  return {rule};
}

}  // namespace convoy
