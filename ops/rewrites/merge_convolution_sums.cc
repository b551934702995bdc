// conv(x, w) + conv(y, w) = conv(x + y, w): a convolution is linear. The biases add up.
#include "ops/rewrites/channel_constants.h"
#include "ops/rewrites/epilogues.h"
#include "ops/rewrites/rules.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

bool same_weights(const Match& match) {
  return match.value("w") == match.value("v") || identical(match.tensor("w"), match.tensor("v"));
}

}  // namespace

std::vector<RewriteStep> merge_convolution_sums() {
  Pattern first = op("Conv", {any("x"), constant("w"), constant("b").optional()}).named("first");
  Pattern second = op("Conv", {any("y"), constant("v"), constant("c").optional()}).named("second");
  Rule rule{
      "merge_convolution_sum", RuleSet::kPortable, op("Add", {first, second}),
      [](const Match& match) -> Refusal {
        if (!equal(match.node("first").attributes, match.node("second").attributes)) {
          return "the attributes differ";
        }
        if (!same_weights(match)) return "the weights differ";
        const Tensor& weights = match.tensor("w");
        if (!is_floating(weights.dtype())) return "the weights are not floating";
        int64_t channels = output_channels(match.node("first"), weights);
        if (channels == 0) return "the groups do not fit";
        for (const char* bias : {"b", "c"}) {
          if (!is_channel_bias(match.graph().constant(match.value(bias)), channels)) {
            return "a bias is not one for each channel";
          }
        }
        if (!surely_equal_shapes(match.type("x"), match.type("y"))) {
          return "the inputs may differ in shape";
        }
        return std::nullopt;
      },
      [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
        const Tensor& weights = match.tensor("w");
        const Tensor* b = match.graph().constant(match.value("b"));
        const Tensor* c = match.graph().constant(match.value("c"));
        std::vector<ValueId> inputs = {ValueId::kNone, match.value("w")};
        if (b != nullptr || c != nullptr) {
          std::vector<double> sum = bias_values(b, weights.shape()[0]);
          std::vector<double> other = bias_values(c, weights.shape()[0]);
          for (size_t i = 0; i < sum.size(); ++i) sum[i] += other[i];
          inputs.push_back(builder.constant(channel_vector(weights.dtype(), sum), "bias"));
        }
        ValueType type = match.type("x");
        inputs[0] = builder.node("Add", {match.value("x"), match.value("y")}, {}, type);
        return {builder.node_like(match.node("first"), std::move(inputs), match.output_type())};
      }};
  return {rule};
}

}  // namespace convoy
