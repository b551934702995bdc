// Mul, Div, Add and Sub by a constant for each output channel after Conv or ConvTranspose goes into
// its weights.
#include <algorithm>

#include "ops/batching/stack_constants.h"
#include "ops/rewrites/channel_constants.h"
#include "ops/rewrites/rules.h"

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
  if (!is_channel_bias(match.graph().constant(match.value("b")), channels)) {
    why = "the bias is not one for each channel";
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

// What stands for the weights and the bias; an undefined bias where there is none.
struct Folded {
  Tensor weights, bias;
};

Folded scaled(const Match& match, std::vector<double> factors) {
  if (match.root().is("Div")) {
    for (double& factor : factors) factor = 1 / factor;
  }
  const Tensor& weights = match.tensor("w");
  Folded folded{scale_outputs(match.node("conv"), weights, factors), {}};
  const Tensor* old_bias = match.graph().constant(match.value("b"));
  if (old_bias == nullptr) return folded;
  std::vector<double> bias = to_doubles(*old_bias);
  for (size_t i = 0; i < bias.size(); ++i) bias[i] *= factors[i];
  folded.bias = channel_vector(weights.dtype(), bias);
  return folded;
}

Folded shifted(const Match& match, const std::vector<double>& offsets) {
  const Tensor& weights = match.tensor("w");
  const Tensor* old_bias = match.graph().constant(match.value("b"));
  std::vector<double> bias = bias_values(old_bias, output_channels(match.node("conv"), weights));
  double sign = match.root().is("Sub") ? -1 : 1;
  for (size_t i = 0; i < bias.size(); ++i) bias[i] += sign * offsets[i];
  return {weights, channel_vector(weights.dtype(), bias)};
}

// nullopt with a reason through `why`.
std::optional<Folded> folded(const Match& match, Refusal& why) {
  auto values = values_of(match, why);
  if (!values || why) return std::nullopt;
  bool factor = match.root().is("Mul") || match.root().is("Div");
  Folded result = factor ? scaled(match, *values) : shifted(match, *values);
  bool finite =
      (!factor || is_finite(result.weights)) && (!result.bias.defined() || is_finite(result.bias));
  if (finite) return result;
  why = "a number is not finite";
  return std::nullopt;
}

Pattern conv_pattern() {
  return op_of({"Conv", "ConvTranspose"}, {any("x"), constant("w"), constant("b").optional()})
      .named("conv");
}

Rule fold(const char* name, const char* operation, const char* inverse) {
  return {name, RuleSet::kPortable,
          any_of({op(operation, {conv_pattern(), constant("c")}),
                  op(inverse, {conv_pattern(), constant("c")})}),
          [](const Match& match) -> Refusal {
            Refusal why;
            folded(match, why);
            return why;
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            Refusal why;
            Folded made = *folded(match, why);
            bool factor = match.root().is("Mul") || match.root().is("Div");
            std::vector<ValueId> inputs = {
                match.value("x"),
                factor ? builder.constant(made.weights, "weight") : match.value("w")};
            if (made.bias.defined()) inputs.push_back(builder.constant(made.bias, "bias"));
            return {builder.node_like(match.node("conv"), std::move(inputs), match.output_type())};
          }};
}

}  // namespace

std::vector<RewriteStep> fold_channel_constants() {
  return {fold("fold_channel_factor", "Mul", "Div"), fold("fold_channel_offset", "Add", "Sub")};
}

}  // namespace convoy
