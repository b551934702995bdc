// Mul, Div, Add and Sub by a constant for each output channel after Conv or ConvTranspose goes into
// its weights.
#include <algorithm>

#include "ops/rewrites/channel_constants.h"
#include "ops/rewrites/rules.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

// The constant's value for each channel; nullopt with a reason through `why`.
std::optional<std::vector<double>> values_of(const Match& match, Refusal& why) {
  const Tensor& weights = match.tensor("w");
  if (!is_floating(weights.dtype())) {
    why = "the weights are not floating";
    return std::nullopt;
  }
  int64_t channels = output_channels(match.node("conv"), weights);
  if (channels == 0) {
    why = "the groups do not fit";
    return std::nullopt;
  }
  auto values = channel_values(match.tensor("c"), weights.rank(), channels);
  if (!values) {
    why = "the constant is not one for each channel";
  } else if (match.root().is("Div") && std::count(values->begin(), values->end(), 0.0) > 0) {
    why = "it divides by zero";
  }
  return values;
}

Refusal is_per_channel(const Match& match) {
  Refusal why;
  values_of(match, why);
  return why;
}

ValueId rebuilt(const Match& match, GraphBuilder& builder, const Tensor& weights,
                const std::vector<double>& bias) {
  ValueId w = builder.constant(weights, "weight");
  ValueId b = builder.constant(channel_vector(weights.dtype(), bias), "bias");
  return builder.node_like(match.node("conv"), {match.value("x"), w, b}, match.output_type());
}

Pattern conv_pattern() {
  return op_of({"Conv", "ConvTranspose"}, {any("x"), constant("w"), constant("b").optional()})
      .named("conv");
}

Rule fold_factor() {
  return {"fold_channel_factor", RuleSet::kPortable,
          any_of({op("Mul", {conv_pattern(), constant("c")}),
                  op("Div", {conv_pattern(), constant("c")})}),
          is_per_channel, [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            Refusal why;
            std::vector<double> factors = *values_of(match, why);
            if (match.root().is("Div")) {
              for (double& factor : factors) factor = 1 / factor;
            }
            const Tensor& weights = match.tensor("w");
            const Tensor* old_bias = match.graph().constant(match.value("b"));
            Tensor scaled = scale_outputs(match.node("conv"), weights, factors);
            if (old_bias == nullptr) {
              ValueId w = builder.constant(scaled, "weight");
              return {builder.node_like(match.node("conv"), {match.value("x"), w},
                                        match.output_type())};
            }
            std::vector<double> bias = to_doubles(*old_bias);
            for (size_t i = 0; i < bias.size(); ++i) bias[i] *= factors[i];
            return {rebuilt(match, builder, scaled, bias)};
          }};
}

Rule fold_offset() {
  return {"fold_channel_offset", RuleSet::kPortable,
          any_of({op("Add", {conv_pattern(), constant("c")}),
                  op("Sub", {conv_pattern(), constant("c")})}),
          is_per_channel, [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            Refusal why;
            std::vector<double> offsets = *values_of(match, why);
            const Tensor& weights = match.tensor("w");
            const Tensor* old_bias = match.graph().constant(match.value("b"));
            std::vector<double> bias =
                bias_values(old_bias, output_channels(match.node("conv"), weights));
            double sign = match.root().is("Sub") ? -1 : 1;
            for (size_t i = 0; i < bias.size(); ++i) bias[i] += sign * offsets[i];
            ValueId b = builder.constant(channel_vector(weights.dtype(), bias), "bias");
            return {builder.node_like(match.node("conv"), {match.value("x"), match.value("w"), b},
                                      match.output_type())};
          }};
}

}  // namespace

std::vector<RewriteStep> fold_channel_constants() { return {fold_factor(), fold_offset()}; }

}  // namespace convoy
