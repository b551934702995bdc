// Mul, Div, Add and Sub by a constant for each output channel after Conv or ConvTranspose goes into
// its weights.
#include <algorithm>

#include "ops/batching/stack_constants.h"
#include "ops/rewrites/channel_constants.h"
#include "ops/rewrites/rules.h"

namespace convoy {
namespace {

bool is_factor(const Match& match) { return match.root().is("Mul") || match.root().is("Div"); }

// What each channel is multiplied with, or what is added to it; nullopt with a reason through
// `why`.
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
  if (!is_channel_bias(match.graph().constant(match.value("b")), channels)) {
    why = "the bias is not one for each channel";
    return std::nullopt;
  }
  auto values = channel_values(match.tensor("c"), weights.rank(), channels);
  if (!values) {
    why = "the constant is not one for each channel";
    return std::nullopt;
  }
  for (double& value : *values) {
    if (match.root().is("Div") && value == 0) {
      why = "it divides by zero";
      return std::nullopt;
    }
    value = match.root().is("Div") ? 1 / value : match.root().is("Sub") ? -value : value;
  }
  return values;
}

// Empty where there is none.
std::vector<double> folded_bias(const Match& match, const std::vector<double>& values) {
  const Tensor* old = match.graph().constant(match.value("b"));
  if (is_factor(match) && old == nullptr) return {};
  std::vector<double> bias = bias_values(old, static_cast<int64_t>(values.size()));
  for (size_t i = 0; i < bias.size(); ++i) {
    bias[i] = is_factor(match) ? bias[i] * values[i] : bias[i] + values[i];
  }
  return bias;
}

Refusal may_fold(const Match& match) {
  Refusal why;
  auto values = values_of(match, why);
  if (!values) return why;
  const Tensor& weights = match.tensor("w");
  bool finite = (!is_factor(match) || stays_finite(weights, *values)) &&
                is_finite(channel_vector(weights.dtype(), folded_bias(match, *values)));
  return finite ? Refusal() : "a number is not finite";
}

std::vector<ValueId> folded(const Match& match, GraphBuilder& builder) {
  Refusal why;
  const std::vector<double> values = *values_of(match, why);
  const Tensor& weights = match.tensor("w");
  const Node& conv = match.node("conv");
  std::vector<ValueId> inputs = {match.value("x"), match.value("w")};
  if (is_factor(match))
    inputs[1] = builder.constant(scale_outputs(conv, weights, values), "weight");
  const std::vector<double> bias = folded_bias(match, values);
  if (!bias.empty()) {
    inputs.push_back(builder.constant(channel_vector(weights.dtype(), bias), "bias"));
  }
  return {builder.node_like(conv, std::move(inputs), match.output_type())};
}

Pattern conv_pattern() {
  return op_of({"Conv", "ConvTranspose"}, {any("x"), constant("w"), constant("b").optional()})
      .named("conv");
}

Rule fold(const char* name, const char* operation, const char* inverse) {
  return {name, RuleSet::kPortable,
          any_of({op(operation, {conv_pattern(), constant("c")}),
                  op(inverse, {conv_pattern(), constant("c")})}),
          may_fold, folded};
}

}  // namespace

std::vector<RewriteStep> fold_channel_constants() {
  return {fold("fold_channel_factor", "Mul", "Div"), fold("fold_channel_offset", "Add", "Sub")};
}

}  // namespace convoy
