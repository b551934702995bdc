// Conv with what follows it: a residual of the same shape, then an activation. Lowering only.
#include "ops/rewrites/epilogues.h"
#include "ops/rewrites/rules.h"
#include "runtime/graph/node_attributes.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

Pattern conv_or_fused() {
  Pattern plain = op("Conv", {any("x"), any("w"), any("b").optional()}).named("conv");
  Pattern fused = op("FusedConv", {any("x"), any("w"), any("b").optional(),
                                   any("residual").optional()})
                      .domain(kPrivateDomain)
                      .named("conv");
  return any_of({fused, plain});
}

ValueId residual_of(const Match& match) {
  return match.has("residual") ? match.value("residual") : ValueId::kNone;
}

Refusal may_take_epilogue(const Match& match) {
  if (Refusal refusal = computes_in_float32(match.output_type())) return refusal;
  if (!text_of(match.node("conv"), "activation", "").empty()) {
    return "there is an activation already";
  }
  return std::nullopt;
}

ValueId fused(const Match& match, GraphBuilder& builder, Attributes attributes, ValueId residual) {
  return builder.node("FusedConv",
                      {match.value("x"), match.value("w"), match.value("b"), residual},
                      std::move(attributes), match.output_type(), kPrivateDomain);
}

Rule fuse_activation() {
  return {"fuse_conv_activation", RuleSet::kLowering, activation_pattern(conv_or_fused()),
          [](const Match& match) -> Refusal {
            if (!matched_activation(match)) return "the bounds are not constant";
            return may_take_epilogue(match);
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            Attributes attributes = match.node("conv").attributes;
            set_activation(attributes, *matched_activation(match));
            return {fused(match, builder, std::move(attributes), residual_of(match))};
          }};
}

Rule fuse_residual() {
  return {"fuse_conv_residual", RuleSet::kLowering, op("Add", {conv_or_fused(), any("r")}),
          [](const Match& match) -> Refusal {
            if (residual_of(match) != ValueId::kNone) return "there is a residual already";
            if (!surely_equal_shapes(match.type("r"), match.output_type())) {
              return "the residual may have another shape";
            }
            const Node& conv = match.node("conv");
            const ValueType& type = match.graph().value(conv.outputs[0]).type;
            if (!surely_equal_shapes(type, match.output_type())) {
              return "the result may be broadcast";
            }
            return may_take_epilogue(match);
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            return {fused(match, builder, match.node("conv").attributes, match.value("r"))};
          }};
}

}  // namespace

std::vector<RewriteStep> fuse_conv() { return {fuse_residual(), fuse_activation()}; }

}  // namespace convoy
