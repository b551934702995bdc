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
    if (match.has(name) && match.graph().constant(match.value(name)) == nullptr) {
      return fmt::format("{} is not constant", words);
    }
  }
  return std::nullopt;
}

Refusal may_fold(const Match& match) {
  Refusal refusal = is_inference(match);
  return refusal ? refusal : are_constant(match);
}

Refusal are_finite(const Tensor& weights, const Affine& affine, const std::vector<double>& bias) {
  bool finite =
      stays_finite(weights, affine.factor) && is_finite(channel_vector(weights.dtype(), bias));
  return finite ? Refusal() : "a number is not finite";
}

std::vector<double> bias_of_conv(const Match& match, const Affine& affine) {
  const Tensor* old = match.graph().constant(match.value("b"));
  std::vector<double> bias = bias_values(old, static_cast<int64_t>(affine.factor.size()));
  for (size_t i = 0; i < bias.size(); ++i) bias[i] = bias[i] * affine.factor[i] + affine.offset[i];
  return bias;
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
            const Affine affine = affine_of(match);
            return are_finite(weights, affine, bias_of_conv(match, affine));
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            const Tensor& weights = match.tensor("w");
            const Node& conv = match.node("conv");
            const Affine affine = affine_of(match);
            ValueId w = builder.constant(scale_outputs(conv, weights, affine.factor), "weight");
            ValueId b = builder.constant(
                channel_vector(weights.dtype(), bias_of_conv(match, affine)), "bias");
            return {builder.node_like(conv, {match.value("x"), w, b}, match.output_type())};
          }};
}

int axis_of_columns(const Match& match) {
  return integer_of(match.node("gemm"), "transB", 0) != 0 ? 0 : 1;
}

int64_t columns_of(const Match& match) { return match.tensor("w").shape()[axis_of_columns(match)]; }

std::vector<double> bias_of_gemm(const Match& match, const Affine& affine) {
  double beta = number_of(match.node("gemm"), "beta", 1);
  const Tensor* c = match.graph().constant(match.value("c"));
  std::vector<double> bias = affine.offset;
  if (c == nullptr) return bias;
  std::vector<double> old = *channel_values(*c, 2, columns_of(match));
  for (size_t i = 0; i < bias.size(); ++i) bias[i] += beta * old[i] * affine.factor[i];
  return bias;
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
            const Affine affine = affine_of(match);
            return are_finite(weights, affine, bias_of_gemm(match, affine));
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            const Tensor& weights = match.tensor("w");
            const Affine affine = affine_of(match);
            Node gemm = match.node("gemm");
            gemm.attributes["beta"] = 1.0F;
            ValueId w = builder.constant(
                scale_along(weights, axis_of_columns(match), affine.factor), "weight");
            ValueId b = builder.constant(
                channel_vector(weights.dtype(), bias_of_gemm(match, affine)), "bias");
            return {builder.node_like(gemm, {match.value("x"), w, b}, match.output_type())};
          }};
}

}  // namespace

std::vector<RewriteStep> fold_batch_normalization() { return {after_conv(), after_gemm()}; }

}  // namespace convoy
