// The only thing that changes a graph: applies rules and passes, checks every replacement, and
// writes down what happened.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "runtime/rewrite/optimize.h"

namespace convoy {

// Counts rewrites and collects the report over all graphs of a model.
class RewriteLog {
 public:
  RewriteLog(RewriteReport& report, std::optional<int64_t> limit)
      : report_(report), limit_(limit) {}

  // False once the limit is reached.
  bool may_fire();
  void fired(RewriteEntry entry);
  // Kept by (rule, place) until the rule fires there, a new round begins, or that node goes away.
  void nearly(RewriteEntry entry);
  void forget_near_misses(const std::string& rule);
  // Moves the near misses into the report.
  void finish();

 private:
  RewriteReport& report_;
  std::optional<int64_t> limit_;
  // number: how many rewrites had fired
  std::map<std::pair<std::string, std::string>, RewriteEntry> nearly_;
};

// What passes and the driver itself change a graph with. One editor serves one step on one graph.
class GraphEditor {
 public:
  GraphEditor(Graph& graph, const RewriteOptions& options, RewriteLog& log, std::string step);

  const Graph& graph() const { return graph_; }
  const RewriteOptions& options() const { return options_; }
  const Registry& registry() const { return options_.operators(); }
  int opset() const { return graph_.opset; }
  bool may_fire() { return log_.may_fire(); }

  // A builder for nodes that a replacement needs; values are called after the output of `near`.
  GraphBuilder builder(NodeId near) const;

  // The outputs of `node` are read from `values` instead (kNone where nobody reads), and `node` and
  // its operands' producers are removed if nobody reads them any longer. False, with a near miss in
  // the report, when an element type, rank or dimension would change, or a graph output would have
  // to become an input or constant; the builder's nodes are then removed.
  bool replace(NodeId node, const std::vector<ValueId>& values, const GraphBuilder& builder,
               std::string before = "", std::string after = "");
  // Several nodes at once, counted as one rewrite: all or none.
  struct Replacement {
    ValueId from;
    ValueId to;
  };
  bool replace_all(const std::vector<Replacement>& replacements, const GraphBuilder& builder,
                   NodeId place, std::string before);
  // The node's outputs become those of a copy of `body`, one of the node's own bodies.
  bool inline_body(NodeId node, const Graph& body);
  // Goes into the report with the next rewrite: why it did not take in more.
  void set_remark(std::string remark) { remark_ = std::move(remark); }
  // Go into the report with the next rewrite or near miss.
  void set_estimates(std::vector<MergeEstimate> estimates) { estimates_ = std::move(estimates); }
  void near_miss(NodeId place, std::string reason, std::string before = "");
  // Removes what a builder added without using it.
  void discard(const GraphBuilder& builder);
  // Counted as one rewrite if anything is removed. Constants go too.
  void remove_dead();
  // Names, for messages and the report: "Conv, Relu".
  std::string describe(std::span<const NodeId> nodes) const;

  bool changed() const { return changed_; }
  // Nodes whose surroundings changed since the last call: users of replaced values, new nodes.
  std::vector<NodeId> take_touched();

 private:
  std::optional<std::string> why_not(ValueId from, ValueId to) const;
  // Adds the labels of what it removes; those that are in `labels` as they are there.
  void remove_unread(NodeId id, const std::map<NodeId, std::string>& labels,
                     std::vector<std::string>& removed);

  Graph& graph_;
  const RewriteOptions& options_;
  RewriteLog& log_;
  std::string step_;
  std::string remark_;
  std::vector<MergeEstimate> estimates_;
  bool changed_ = false;
  std::vector<NodeId> touched_;
};

// Runs `stage` on a graph and its bodies until nothing fires; true if anything did.
bool run_stage(Graph& graph, const RewriteStage& stage, const RewriteOptions& options,
               RewriteLog& log);

}  // namespace convoy
