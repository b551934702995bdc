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

RewriteStage cleanup(std::string name) {
  return stage(std::move(name), {fold_constants(), fold_shapes(), remove_identities(),
                                 compose_chains(), remove_dead_nodes(), merge_equal_nodes()});
}

RewritePipeline make_pipeline() {
  return {cleanup("simplify"), cleanup("simplify again"),
          stage("fold into weights", {fold_batch_normalization(), fold_channel_constants()}),
          stage("merge branches", {merge_branches()}), cleanup("clean up")};
}

}  // namespace

const RewritePipeline& standard_pipeline() {
  static const RewritePipeline pipeline = make_pipeline();
  return pipeline;
}

}  // namespace convoy
