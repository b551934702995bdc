// The entry point of graph optimization, shared by the session and `convoy optimize`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/op/registry.h"
#include "runtime/rewrite/report.h"
#include "runtime/rewrite/rule.h"

namespace convoy {

// For whom the model is made better: decides whether a merge pays.
enum class RewriteTarget { kConvoy, kOrt, kAny };

struct RewriteOptions {
  std::vector<std::string> skip;  // names of rules and passes to leave out
  std::vector<std::string> only;  // if not empty: the only ones to use
  bool portable = true;
  bool lowering = false;
  // Lowering: do products of 8-bit integers cost less than those of floats?
  bool multiplies_bytes = false;
  RewriteTarget target = RewriteTarget::kConvoy;
  const Registry* registry = nullptr;  // nullptr: Registry::standard()
  ThreadPool* threads = nullptr;       // nullptr: a pool of one thread, for folding constants
  // At most this many rewrites; nullopt: as CONVOY_REWRITE_STOP says, or without limit.
  std::optional<int64_t> stop_after;
  // A constant is not folded into more bytes than this if it grows by it.
  int64_t fold_limit_bytes = 4 << 20;
  // What a session dequantizes of a graph's weights, at the most: those of large language models
  // stay integers.
  int64_t dequantize_limit_bytes = int64_t{1} << 29;

  const Registry& operators() const { return registry ? *registry : Registry::standard(); }
};

std::string_view to_string(RewriteTarget target);
// "convoy", "ort" or "any"; throws kInvalidInput.
RewriteTarget parse_target(std::string_view name);

// Rewrites the model in place, bodies included. Deterministic. Throws kInvalidInput when skip or
// only name a rewrite that does not exist, kInvalidModel for a graph with a cycle.
RewriteReport optimize_graph(Model& model, const RewriteOptions& options = {});
// The same for a graph alone; types that are missing stay so.
RewriteReport optimize_graph(Graph& graph, const RewriteOptions& options = {});
// With other rewrites than the standard ones.
RewriteReport optimize_graph(Model& model, const RewriteOptions& options,
                             const RewritePipeline& pipeline);
RewriteReport optimize_graph(Graph& graph, const RewriteOptions& options,
                             const RewritePipeline& pipeline);

// Every rewrite in the order in which it runs; defined in ops/rewrites/pipeline.cc.
const RewritePipeline& standard_pipeline();

// Names of all rewrites of the standard pipeline, in order.
std::vector<std::string> rewrite_names();

}  // namespace convoy
