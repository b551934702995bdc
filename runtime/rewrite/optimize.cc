#include "runtime/rewrite/optimize.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "runtime/base/caught.h"
#include "runtime/base/fork.h"
#include "runtime/base/log.h"
#include "runtime/onnx/inference.h"
#include "runtime/op/type_rule.h"
#include "runtime/rewrite/driver.h"

namespace convoy {
namespace {

void count_operators(const Graph& graph, std::map<std::string, int>& counts, size_t& nodes) {
  for (size_t i = 0; i < graph.node_limit(); ++i) {
    auto id = static_cast<NodeId>(i);
    if (!graph.contains(id)) continue;
    const Node& node = graph.node(id);
    ++counts[node.qualified_type()];
    ++nodes;
    node.for_each_body([&](Graph& body) { count_operators(body, counts, nodes); });
  }
}

void check_names(const RewriteOptions& options, const RewritePipeline& pipeline) {
  auto known = [&](const std::string& name) {
    for (const RewriteStage& stage : pipeline) {
      for (const RewriteStep& step : stage.steps) {
        if (std::visit([&](const auto& entry) { return entry.name == name; }, step)) return true;
      }
    }
    return false;
  };
  for (const auto* list : {&options.skip, &options.only}) {
    for (const std::string& name : *list) check_input(known(name), "no rewrite '{}'", name);
  }
}

std::optional<int64_t> limit_of(const RewriteOptions& options) {
  if (options.stop_after) return options.stop_after;
  const char* text = std::getenv("CONVOY_REWRITE_STOP");
  if (text == nullptr || *text == '\0') return std::nullopt;
  char* end = nullptr;
  int64_t limit = std::strtoll(text, &end, 10);
  check_input(*end == '\0' && limit >= 0, "CONVOY_REWRITE_STOP='{}' is no number", text);
  return limit;
}

RewriteReport run_pipeline(Graph& graph, const RewriteOptions& wanted,
                           const RewritePipeline& pipeline,
                           const std::function<void()>& infer_types) {
  check_names(wanted, pipeline);
  auto start = std::chrono::steady_clock::now();
  RewriteOptions options = wanted;
  std::unique_ptr<ThreadPool> own_pool;
  if (options.threads == nullptr) {
    own_pool = make_thread_pool(1);
    options.threads = own_pool.get();
  }
  RewriteReport report;
  count_operators(graph, report.operators_before, report.nodes_before);
  RewriteLog log(report, limit_of(options));
  bool stale = true;
  for (const RewriteStage& stage : pipeline) {
    if (stage.needs_types && stale) {
      infer_types();
      stale = false;
    }
    bool changed = run_stage(graph, stage, options, log);
    stale = stale || changed;
  }
  log.finish();
  count_operators(graph, report.operators_after, report.nodes_after);
  std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  report.seconds = spent.count();
  return report;
}

}  // namespace

std::string_view to_string(RewriteTarget target) {
  switch (target) {
    case RewriteTarget::kConvoy: return "convoy";
    case RewriteTarget::kOrt: return "ort";
    case RewriteTarget::kAny: return "any";
  }
  return "";
}

RewriteTarget parse_target(std::string_view name) {
  if (name == "convoy") return RewriteTarget::kConvoy;
  if (name == "ort") return RewriteTarget::kOrt;
  if (name == "any") return RewriteTarget::kAny;
  fail(ErrorCode::kInvalidInput, "unknown target '{}': convoy, ort and any are known", name);
}

RewriteReport optimize_graph(Model& model, const RewriteOptions& options,
                             const RewritePipeline& pipeline) {
  if (auto opset = model.opsets.find(""); opset != model.opsets.end()) {
    model.graph.opset = opset->second;
  }
  RewriteReport report;
  try {
    call_with_threads([&] {
      report = run_pipeline(model.graph, options, pipeline,
                            [&] { infer_model_types(model, type_rule(Registry::standard())); });
    });
  } catch (const std::exception&) {
    rethrow_caught({});
  }
  return report;
}

RewriteReport optimize_graph(Graph& graph, const RewriteOptions& options,
                             const RewritePipeline& pipeline) {
  RewriteReport report;
  call_with_threads([&] { report = run_pipeline(graph, options, pipeline, [] {}); });
  return report;
}

RewriteReport optimize_graph(Model& model, const RewriteOptions& options) {
  return optimize_graph(model, options, standard_pipeline());
}

RewriteReport optimize_graph(Graph& graph, const RewriteOptions& options) {
  return optimize_graph(graph, options, standard_pipeline());
}

std::vector<std::string> rewrite_names() {
  std::vector<std::string> names;
  for (const RewriteStage& stage : standard_pipeline()) {
    for (const RewriteStep& step : stage.steps) {
      std::visit(
          [&](const auto& known) {
            if (std::find(names.begin(), names.end(), known.name) == names.end()) {
              names.push_back(known.name);
            }
          },
          step);
    }
  }
  return names;
}

}  // namespace convoy
