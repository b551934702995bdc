// Conv with what follows it: a residual of the same shape, then an activation, then one factor and
// one summand for all. Lowering only.
#include <cmath>

#include "ops/conv/epilogue.h"
#include "ops/rewrites/epilogues.h"
#include "ops/rewrites/rules.h"
#include "runtime/graph/node_attributes.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

Pattern conv_or_fused() {
  Pattern plain = op("Conv", {any("x"), any("w"), any("b").optional()}).named("conv");
  Pattern fused =
      op("FusedConv", {any("x"), any("w"), any("b").optional(), any("residual").optional()})
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
  return builder.node("FusedConv", {match.value("x"), match.value("w"), match.value("b"), residual},
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

// scale * f + shift with a further factor or summand; nullopt where a number is not finite.
std::optional<std::pair<float, float>> scaled_further(const Match& match) {
  const Tensor& constant = match.tensor("c");
  const Node& conv = match.node("conv");
  const Epilogue none;
  auto further = static_cast<float>(to_doubles(constant)[0]);
  float scale = number_of(conv, "activation_scale", none.scale);
  float shift = number_of(conv, "activation_shift", none.shift);
  if (match.root().is("Mul")) {
    scale *= further;
    shift *= further;
  } else {
    shift += further;
  }
  if (!std::isfinite(scale) || !std::isfinite(shift)) return std::nullopt;
  return std::pair(scale, shift);
}

// What stands before an activation goes into the weights.
Rule fuse_scale() {
  Pattern scaled = any_of(
      {op("Mul", {conv_or_fused(), constant("c")}), op("Add", {conv_or_fused(), constant("c")})});
  return {"fuse_conv_scale", RuleSet::kLowering, std::move(scaled),
          [](const Match& match) -> Refusal {
            const Tensor& constant = match.tensor("c");
            const Node& conv = match.node("conv");
            if (text_of(conv, "activation", "").empty()) return "there is no activation before it";
            if (constant.count() != 1) return "the constant is not one number";
            const ValueType& type = match.graph().value(conv.outputs[0]).type;
            if (!surely_equal_shapes(type, match.output_type())) {
              return "the result may be broadcast";
            }
            if (Refusal refusal = computes_in_float32(match.output_type())) return refusal;
            return scaled_further(match) ? Refusal() : "a number is not finite";
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            Attributes attributes = match.node("conv").attributes;
            std::tie(attributes["activation_scale"], attributes["activation_shift"]) =
                *scaled_further(match);
            return {fused(match, builder, std::move(attributes), residual_of(match))};
          }};
}

}  // namespace

std::vector<RewriteStep> fuse_conv() { return {fuse_residual(), fuse_activation(), fuse_scale()}; }

}  // namespace convoy
