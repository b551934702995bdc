// BatchNormalization in its inference form after Conv, ConvTranspose or Gemm goes into their
// weights: y = (x − mean) · s + b with s = scale / sqrt(var + epsilon).
#include <cmath>

#include "ops/batching/stack_constants.h"
#include "ops/rewrites/channel_constants.h"
#include "ops/rewrites/rules.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

struct Affine {
  std::vector<double> factor;
  std::vector<double> offset;
};

Refusal is_inference(const Match& match) {
  const Node& node = match.root();
  for (size_t j = 1; j < node.outputs.size(); ++j) {
    if (node.outputs[j] == ValueId::kNone) continue;
    const ValueInfo& info = match.graph().value(node.outputs[j]);
    if (!info.uses.empty() || info.is_output) return "the statistics are outputs";
    const bool tests = node.version < 7 && integer_of(node, "is_test", 0) != 0;
    if (node.version < 14 && !tests) return "it trains";
  }
  if (integer_of(node, "training_mode", 0) != 0) return "it trains";
  if (node.version < 7 && integer_of(node, "is_test", 0) == 0) return "it trains";
  if (node.version < 9 && integer_of(node, "spatial", 1) == 0) return "it is not per channel";
  return std::nullopt;
}

Affine affine_of(const Match& match) {
  std::vector<double> scale = to_doubles(match.tensor("scale"));
  std::vector<double> bias = to_doubles(match.tensor("bias"));
  std::vector<double> mean = to_doubles(match.tensor("mean"));
  std::vector<double> variance = to_doubles(match.tensor("variance"));
  double epsilon = number_of(match.root(), "epsilon", 1e-5F);
  Affine affine;
  for (size_t i = 0; i < scale.size(); ++i) {
    double factor = scale[i] / std::sqrt(variance[i] + epsilon);
    affine.factor.push_back(factor);
    affine.offset.push_back(bias[i] - mean[i] * factor);
  }
  return affine;
}

Refusal statistics_fit(const Match& match, int64_t channels) {
  for (const char* name : {"scale", "bias", "mean", "variance"}) {
    const Tensor& tensor = match.tensor(name);
    if (!is_floating(tensor.dtype())) return "the statistics are not floating";
    if (tensor.rank() != 1 || tensor.count() != channels) return "the channels do not fit";
  }
  return std::nullopt;
}

Pattern normalized_pattern(Pattern inner) {
  return op("BatchNormalization",
            {std::move(inner), any("scale"), any("bias"), any("mean"), any("variance")});
}

Refusal are_constant(const Match& match) {
  static const std::pair<const char*, const char*> kOperands[] = {
      {"w", "the weight"},         {"b", "the bias"},      {"c", "C"},
      {"scale", "the scale"},      {"bias", "the offset"}, {"mean", "the mean"},
      {"variance", "the variance"}};
  for (const auto& [name, words] : kOperands) {
    if (!match.has(name) || match.value(name) == ValueId::kNone) continue;
    if (match.graph().constant(match.value(name)) == nullptr) {
      return fmt::format("{} is not constant", words);
    }
  }
  return std::nullopt;
}

Refusal may_fold(const Match& match) {
  Refusal refusal = is_inference(match);
  return refusal ? refusal : are_constant(match);
}

// Weights and bias with the normalization in them.
struct Folded {
  Tensor weights, bias;

  Refusal check() const {
    bool finite = is_finite(weights) && is_finite(bias);
    return finite ? Refusal() : "a number is not finite";
  }
};

Folded folded_conv(const Match& match) {
  const Tensor& weights = match.tensor("w");
  const Node& conv = match.node("conv");
  Affine affine = affine_of(match);
  const Tensor* old_bias = match.graph().constant(match.value("b"));
  std::vector<double> bias = bias_values(old_bias, output_channels(conv, weights));
  for (size_t i = 0; i < bias.size(); ++i) bias[i] = bias[i] * affine.factor[i] + affine.offset[i];
  return {scale_outputs(conv, weights, affine.factor), channel_vector(weights.dtype(), bias)};
}

Rule after_conv() {
  Pattern conv =
      op_of({"Conv", "ConvTranspose"}, {any("x"), any("w"), any("b").optional()}).named("conv");
  return {"fold_batch_normalization", RuleSet::kPortable, normalized_pattern(conv),
          [](const Match& match) -> Refusal {
            if (Refusal refusal = may_fold(match)) return refusal;
            const Tensor& weights = match.tensor("w");
            if (!is_floating(weights.dtype())) return "the weights are not floating";
            int64_t channels = output_channels(match.node("conv"), weights);
            if (channels == 0) return "the groups do not fit";
            if (!is_channel_bias(match.graph().constant(match.value("b")), channels)) {
              return "the bias is not one for each channel";
            }
            if (Refusal refusal = statistics_fit(match, channels)) return refusal;
            return folded_conv(match).check();
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            Folded folded = folded_conv(match);
            ValueId w = builder.constant(folded.weights, "weight");
            ValueId b = builder.constant(folded.bias, "bias");
            return {builder.node_like(match.node("conv"), {match.value("x"), w, b},
                                      match.output_type())};
          }};
}

int64_t columns_of(const Match& match) {
  int axis = integer_of(match.node("gemm"), "transB", 0) != 0 ? 0 : 1;
  return match.tensor("w").shape()[axis];
}

Folded folded_gemm(const Match& match) {
  const Tensor& weights = match.tensor("w");
  const Node& gemm = match.node("gemm");
  Affine affine = affine_of(match);
  double beta = number_of(gemm, "beta", 1);
  const Tensor* c = match.graph().constant(match.value("c"));
  std::vector<double> bias = affine.offset;
  if (c != nullptr) {
    std::vector<double> old = *channel_values(*c, 2, columns_of(match));
    for (size_t i = 0; i < bias.size(); ++i) bias[i] += beta * old[i] * affine.factor[i];
  }
  int axis = integer_of(gemm, "transB", 0) != 0 ? 0 : 1;
  return {scale_along(weights, axis, affine.factor), channel_vector(weights.dtype(), bias)};
}

Rule after_gemm() {
  Pattern gemm = op("Gemm", {any("x"), any("w"), any("c").optional()}).named("gemm");
  return {"fold_batch_normalization", RuleSet::kPortable, normalized_pattern(gemm),
          [](const Match& match) -> Refusal {
            if (Refusal refusal = may_fold(match)) return refusal;
            const Tensor& weights = match.tensor("w");
            if (!is_floating(weights.dtype()) || weights.rank() != 2) {
              return "the weights do not fit";
            }
            const Tensor* c = match.graph().constant(match.value("c"));
            if (c && !channel_values(*c, 2, columns_of(match))) return "C varies along the rows";
            if (Refusal refusal = statistics_fit(match, columns_of(match))) return refusal;
            return folded_gemm(match).check();
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            Folded folded = folded_gemm(match);
            Node gemm = match.node("gemm");
            gemm.attributes["beta"] = 1.0F;
            ValueId w = builder.constant(folded.weights, "weight");
            ValueId b = builder.constant(folded.bias, "bias");
            return {builder.node_like(gemm, {match.value("x"), w, b}, match.output_type())};
          }};
}

}  // namespace

std::vector<RewriteStep> fold_batch_normalization() { return {after_conv(), after_gemm()}; }

}  // namespace convoy
