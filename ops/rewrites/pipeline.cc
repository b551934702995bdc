// The order of all rewrites, and nothing else.
#include "ops/rewrites/rules.h"
#include "runtime/rewrite/optimize.h"

namespace convoy {
namespace {

RewriteStage stage(std::string name, std::vector<std::vector<RewriteStep>> groups) {
  RewriteStage made{std::move(name), {}, true, false};
  for (auto& group : groups) {
    for (RewriteStep& step : group) made.steps.push_back(std::move(step));
  }
  return made;
}

// ONNX cannot infer types of private operators; their rewrites give them.
RewriteStage lowered(std::string name, std::vector<std::vector<RewriteStep>> groups) {
  RewriteStage made = stage(std::move(name), std::move(groups));
  made.needs_types = false;
  return made;
}

// A single round: what is beyond its limit in the first is so in all.
RewriteStage dequantized() {
  RewriteStage made = lowered("dequantize", {dequantize_weights()});
  made.once = true;
  return made;
}

std::vector<RewriteStep> simplifications() {
  std::vector<RewriteStep> steps;
  for (auto& group : {scalar_range_operands(), fold_constants(), fold_shapes(), remove_identities(),
                      simplify_reshapes(), compose_chains(), compose_squeezes(), compose_slices(),
                      push_transposes(), merge_equal_constants(), inline_constant_if(),
                      remove_dead_nodes(), merge_equal_nodes()}) {
    steps.insert(steps.end(), group.begin(), group.end());
  }
  return steps;
}

// Folding constants makes more types known, and more types let more constants be folded.
RewritePipeline make_pipeline() {
  return {
      stage("simplify", {simplifications()}),
      stage("simplify with inferred types", {simplifications()}),
      stage("fold into weights", {fold_batch_normalization(), fold_channel_constants(), fold_pads(),
                                  trim_convolutions(), merge_convolution_sums()}),
      stage("recognize", {recognize_compositions(RuleSet::kPortable),
                          recognize_rms_normalization(RuleSet::kPortable), recognize_attention()}),
      stage("merge branches", {merge_branches()}),
      stage("fit to the target", {lift_convolutions(), cancel_squeezes()}),
      stage("clean up", {simplifications()}),
      lowered("compute on integers", {compute_on_integers()}),
      dequantized(),
      stage("lower", {fuse_quantization(), recognize_compositions(RuleSet::kLowering),
                      recognize_rms_normalization(RuleSet::kLowering), keep_softmax_digits(),
                      fuse_conv(), fuse_matmul(), fuse_integer_matmul(), separate_string_labels()}),
      lowered("lower merged branches", {raise_stacked_conv()}),
      lowered("lower the rest",
              {recognize_swish(), compose_chains(), fuse_elementwise(), remove_dead_nodes()}),
  };
}

}  // namespace

const RewritePipeline& standard_pipeline() {
  static const RewritePipeline pipeline = make_pipeline();
  return pipeline;
}

}  // namespace convoy
