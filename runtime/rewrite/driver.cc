#include "runtime/rewrite/driver.h"

#include <algorithm>
#include <deque>
#include <span>
#include <unordered_map>

#include "runtime/base/log.h"

namespace convoy {
namespace {

constexpr int kMaxRounds = 24;

bool has_set(const RewriteOptions& options, RuleSet set) {
  switch (set) {
    case RuleSet::kPortable: return options.portable;
    case RuleSet::kFile: return options.portable && !options.lowering;
    case RuleSet::kLowering: return options.lowering;
  }
  return false;
}

bool is_selected(const RewriteOptions& options, const std::string& name, RuleSet set) {
  if (!has_set(options, set)) return false;
  auto names = [&](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  return !names(options.skip) && (options.only.empty() || names(options.only));
}

// Why a value inside of a match is needed elsewhere; nullopt if it is not.
Refusal escape_of(const Match& match) {
  const Graph& graph = match.graph();
  auto matched = [&](NodeId id) {
    return std::any_of(match.nodes().begin(), match.nodes().end(),
                       [id](const Match::Matched& other) { return other.node == id; });
  };
  for (const Match::Matched& inner : match.nodes()) {
    if (inner.node == match.root_id() || inner.shared) continue;
    for (ValueId output : graph.node(inner.node).outputs) {
      if (output == ValueId::kNone) continue;
      const ValueInfo& info = graph.value(output);
      if (info.is_output) return fmt::format("'{}' is a graph output", info.name);
      for (const Use& use : info.uses) {
        if (use.slot == Use::kCapture) return fmt::format("'{}' is read by a body", info.name);
        if (!matched(use.node)) return fmt::format("'{}' is used elsewhere", info.name);
      }
    }
  }
  return std::nullopt;
}

std::vector<NodeId> ids_of(const Match& match) {
  std::vector<NodeId> ids;
  for (const Match::Matched& matched : match.nodes()) ids.push_back(matched.node);
  std::reverse(ids.begin(), ids.end());
  return ids;
}

// Rules by the operator type of their root, applied from a worklist.
class RuleWorklist {
 public:
  RuleWorklist(Graph& graph, std::span<const Rule* const> rules, const RewriteOptions& options,
               RewriteLog& log)
      : graph_(graph), options_(options), registry_(options.operators()), log_(log) {
    for (const Rule* rule : rules) {
      std::vector<std::string> types = rule->pattern.root_types();
      for (const std::string& type : types) by_type_[type].push_back(rule);
      if (types.empty()) for_all_.push_back(rule);
    }
  }

  bool run() {
    for (NodeId id : graph_.topological_order()) push(id);
    size_t limit = 64 * graph_.node_count() + 1024;
    size_t fired = 0;
    while (!queue_.empty()) {
      NodeId id = queue_.front();
      queue_.pop_front();
      queued_[index_of(id)] = false;
      if (!graph_.contains(id)) continue;
      if (!visit(id)) continue;
      check_internal(++fired < limit, "the rewrites of graph '{}' do not come to an end",
                     graph_.name);
    }
    return fired > 0;
  }

 private:
  void push(NodeId id) {
    if (queued_.size() < graph_.node_limit()) queued_.resize(graph_.node_limit(), false);
    if (queued_[index_of(id)]) return;
    queued_[index_of(id)] = true;
    queue_.push_back(id);
  }

  bool visit(NodeId id) {
    auto found = by_type_.find(graph_.node(id).op_type);
    if (found != by_type_.end()) {
      for (const Rule* rule : found->second) {
        if (apply(*rule, id)) return true;
      }
    }
    return std::any_of(for_all_.begin(), for_all_.end(),
                       [&](const Rule* rule) { return apply(*rule, id); });
  }

  bool apply(const Rule& rule, NodeId id) {
    std::optional<Match> match = match_at(graph_, registry_, id, rule.pattern);
    if (!match) return false;
    match->options = &options_;
    GraphEditor editor(graph_, options_, log_, rule.name);
    std::vector<NodeId> ids = ids_of(*match);
    Refusal refusal = rule.guard ? rule.guard(*match) : std::nullopt;
    if (!refusal) refusal = escape_of(*match);
    if (refusal && rule.quiet) return false;
    if (refusal) {
      editor.near_miss(id, std::move(*refusal), editor.describe(ids));
      return false;
    }
    if (!log_.may_fire()) return false;
    GraphBuilder builder = editor.builder(id);
    std::string before = editor.describe(ids);
    std::vector<ValueId> values = rule.build(*match, builder);
    if (!editor.replace(id, values, builder, std::move(before))) return false;
    for (NodeId touched : editor.take_touched()) push(touched);
    return true;
  }

  Graph& graph_;
  const RewriteOptions& options_;
  const Registry& registry_;
  RewriteLog& log_;
  std::unordered_map<std::string, std::vector<const Rule*>> by_type_;
  std::vector<const Rule*> for_all_;
  std::deque<NodeId> queue_;
  std::vector<bool> queued_;
};

bool run_round(Graph& graph, const RewriteStage& stage, const RewriteOptions& options,
               RewriteLog& log) {
  bool changed = false;
  std::vector<const Rule*> rules;
  auto run_rules = [&] {
    if (!rules.empty()) changed |= RuleWorklist(graph, rules, options, log).run();
    rules.clear();
  };
  for (const RewriteStep& step : stage.steps) {
    if (const auto* rule = std::get_if<Rule>(&step)) {
      if (is_selected(options, rule->name, rule->set)) rules.push_back(rule);
      continue;
    }
    run_rules();
    const Pass& pass = std::get<Pass>(step);
    if (!is_selected(options, pass.name, pass.set)) continue;
    GraphEditor editor(graph, options, log, pass.name);
    pass.run(editor);
    changed |= editor.changed();
  }
  run_rules();
  for (size_t i = 0; i < graph.node_limit(); ++i) {
    auto id = static_cast<NodeId>(i);
    if (!graph.contains(id) || !graph.node(id).has_bodies()) continue;
    bool body_changed = false;
    graph.node(id).for_each_body([&](Graph& body) {
      if (body.opset <= 0) body.opset = graph.opset;
      body_changed |= run_round(body, stage, options, log);
    });
    if (body_changed) graph.refresh_captures(id);
    changed |= body_changed;
  }
  return changed;
}

}  // namespace

bool RewriteLog::may_fire() {
  bool may = !limit_ || static_cast<int64_t>(report_.fired.size()) < *limit_;
  if (!may) report_.stopped = true;
  return may;
}

void RewriteLog::fired(RewriteEntry entry) {
  nearly_.erase({entry.rule, entry.place});
  entry.number = static_cast<int64_t>(report_.fired.size()) + 1;
  report_.fired.push_back(std::move(entry));
}

void RewriteLog::nearly(RewriteEntry entry) {
  std::pair key(entry.rule, entry.place);
  entry.number = static_cast<int64_t>(report_.fired.size());
  nearly_.insert_or_assign(std::move(key), std::move(entry));
}

void RewriteLog::forget_near_misses(const std::string& rule) {
  auto first = nearly_.lower_bound({rule, ""});
  auto last = first;
  while (last != nearly_.end() && last->first.first == rule) ++last;
  nearly_.erase(first, last);
}

void RewriteLog::finish() {
  std::unordered_map<std::string, int64_t> gone;  // nodes, and which rewrite removed them
  for (const RewriteEntry& entry : report_.fired) {
    for (const std::string& label : entry.removed) gone[label] = entry.number;
    for (const std::string& label : entry.added) gone.erase(label);
  }
  for (auto& [key, entry] : nearly_) {
    auto removed = gone.find(entry.place);
    if (removed != gone.end() && removed->second > entry.number) continue;
    entry.number = 0;
    report_.nearly.push_back(std::move(entry));
  }
  nearly_.clear();
}

bool run_stage(Graph& graph, const RewriteStage& stage, const RewriteOptions& options,
               RewriteLog& log) {
  bool changed = false;
  for (int round = 0; round < kMaxRounds; ++round) {
    for (const RewriteStep& step : stage.steps) {
      std::visit(
          [&](const auto& known) {
            if (is_selected(options, known.name, known.set)) log.forget_near_misses(known.name);
          },
          step);
    }
    if (!run_round(graph, stage, options, log)) break;
    changed = true;
    if (stage.once) break;
  }
  return changed;
}

}  // namespace convoy
