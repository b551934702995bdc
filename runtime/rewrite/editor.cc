#include <algorithm>

#include "runtime/graph/inline.h"
#include "runtime/rewrite/driver.h"

namespace convoy {
namespace {

bool is_unread(const Graph& graph, ValueId id) {
  return graph.value(id).uses.empty() && !graph.value(id).is_output;
}

bool is_unread(const Graph& graph, const Node& node) {
  return std::all_of(node.outputs.begin(), node.outputs.end(),
                     [&](ValueId output) { return is_unread(graph, output); });
}

// What is known of a value once it stands for another: `now`, completed from `before`.
ValueType merged_type(const ValueType& now, const ValueType& before) {
  if (now.kind == ValueType::Kind::kUnknown) return before;
  if (!now.is_tensor() || !before.is_tensor()) return now;
  ValueType merged = now;
  if (!merged.shape) {
    merged.shape = before.shape;
    return merged;
  }
  if (!before.shape || before.shape->size() != merged.shape->size()) return merged;
  for (size_t i = 0; i < merged.shape->size(); ++i) {
    Dimension& dim = (*merged.shape)[i];
    const Dimension& other = (*before.shape)[i];
    if (!dim.known() && (other.known() || dim.symbol.empty())) dim = other;
  }
  return merged;
}

}  // namespace

GraphEditor::GraphEditor(Graph& graph, const RewriteOptions& options, RewriteLog& log,
                         std::string step)
    : graph_(graph), options_(options), log_(log), step_(std::move(step)) {}

GraphBuilder GraphEditor::builder(NodeId near) const {
  const Node& node = graph_.node(near);
  int opset = node.domain.empty() && node.version > 0 ? node.version : graph_.opset;
  return GraphBuilder(graph_, opset, node.label(graph_));
}

std::string GraphEditor::describe(std::span<const NodeId> nodes) const {
  std::string text;
  for (NodeId id : nodes) {
    if (!graph_.contains(id)) continue;
    if (text.size() > 200) return text + ", …";
    if (!text.empty()) text += ", ";
    text += graph_.node(id).qualified_type();
  }
  return text;
}

std::optional<std::string> GraphEditor::why_not(ValueId from, ValueId to) const {
  const ValueInfo& old_value = graph_.value(from);
  const ValueInfo& new_value = graph_.value(to);
  bool movable = new_value.producer != NodeId::kNone && !new_value.is_output;
  if (old_value.is_output && !movable) {
    return fmt::format("the graph output '{}' needs a node of its own", old_value.name);
  }
  const ValueType& a = old_value.type;
  const ValueType& b = new_value.type;
  if (a.kind == ValueType::Kind::kUnknown || b.kind == ValueType::Kind::kUnknown) {
    return std::nullopt;
  }
  auto differs = [&] { return fmt::format("{} would become {}", to_string(a), to_string(b)); };
  if (a.kind != b.kind) return differs();
  if (!a.is_tensor()) return std::nullopt;
  if (a.dtype != b.dtype && a.dtype != DType::kUndefined && b.dtype != DType::kUndefined) {
    return differs();
  }
  if (!a.shape || !b.shape) return std::nullopt;
  if (a.shape->size() != b.shape->size()) return differs();
  for (size_t i = 0; i < a.shape->size(); ++i) {
    const Dimension& x = (*a.shape)[i];
    const Dimension& y = (*b.shape)[i];
    if (x.known() && y.known() && x.size != y.size) return differs();
  }
  return std::nullopt;
}

void GraphEditor::remove_unread(NodeId id, const std::map<NodeId, std::string>& labels,
                                std::vector<std::string>& removed) {
  std::vector<NodeId> stack = {id};
  while (!stack.empty()) {
    NodeId next = stack.back();
    stack.pop_back();
    if (!graph_.contains(next) || !is_unread(graph_, graph_.node(next))) continue;
    std::vector<ValueId> inputs = graph_.node(next).inputs;
    auto known = labels.find(next);
    removed.push_back(known == labels.end() ? graph_.node(next).label(graph_) : known->second);
    graph_.remove_node(next);
    for (ValueId input : inputs) {
      if (input == ValueId::kNone || graph_.value(input).removed) continue;
      if (graph_.value(input).producer != NodeId::kNone) {
        stack.push_back(graph_.value(input).producer);
      }
    }
  }
}

void GraphEditor::discard(const GraphBuilder& builder) {
  const auto& added = builder.added();
  for (auto id = added.rbegin(); id != added.rend(); ++id) {
    if (graph_.contains(*id) && is_unread(graph_, graph_.node(*id))) graph_.remove_node(*id);
  }
}

bool GraphEditor::replace(NodeId node, const std::vector<ValueId>& values,
                          const GraphBuilder& builder, std::string before, std::string after) {
  std::vector<Replacement> replacements;
  std::vector<ValueId> outputs = graph_.node(node).outputs;
  if (before.empty()) before = describe(std::span(&node, 1));
  if (after.empty()) after = describe(builder.added());
  if (after.empty() && !values.empty()) after = graph_.value_name(values[0]);
  for (size_t j = 0; j < outputs.size(); ++j) {
    if (is_unread(graph_, outputs[j])) continue;
    bool given = j < values.size() && values[j] != ValueId::kNone;
    check_internal(given, "rewrite '{}' gives nothing for output {} of '{}'", step_, j,
                   graph_.node(node).label(graph_));
    replacements.push_back({outputs[j], values[j]});
  }
  return replace_all(replacements, builder, node, std::move(before));
}

bool GraphEditor::replace_all(const std::vector<Replacement>& replacements,
                              const GraphBuilder& builder, NodeId place, std::string before) {
  for (const Replacement& replacement : replacements) {
    auto reason = why_not(replacement.from, replacement.to);
    if (!reason) continue;
    near_miss(place, std::move(*reason), std::move(before));
    discard(builder);
    return false;
  }
  std::string label = graph_.node(place).label(graph_);
  std::string after = describe(builder.added());
  if (after.empty() && !replacements.empty()) after = graph_.value_name(replacements[0].to);
  std::map<NodeId, std::string> labels;  // a graph output's name goes to what takes its place
  for (const auto& [from, to] : replacements) {
    NodeId producer = graph_.value(from).producer;
    if (producer != NodeId::kNone) labels[producer] = graph_.node(producer).label(graph_);
  }
  for (const auto& [from, to] : replacements) {
    const ValueInfo& target = graph_.value(to);
    if (!target.is_input && target.producer != NodeId::kNone) {
      graph_.set_type(to, merged_type(target.type, graph_.value(from).type));
    }
    for (const Use& use : graph_.value(from).uses) touched_.push_back(use.node);
    graph_.replace_uses(from, to);
  }
  touched_.insert(touched_.end(), builder.added().begin(), builder.added().end());
  RewriteEntry entry{step_, std::move(label), std::move(before), std::move(after), "", 0, {}, {}};
  for (const auto& [from, to] : replacements) {
    if (graph_.value(from).removed) continue;
    NodeId producer = graph_.value(from).producer;
    if (producer != NodeId::kNone) remove_unread(producer, labels, entry.removed);
  }
  for (NodeId id : builder.added()) {
    if (graph_.contains(id)) entry.added.push_back(graph_.node(id).label(graph_));
  }
  entry.reason = std::move(remark_);
  remark_.clear();
  entry.estimates = std::exchange(estimates_, {});
  changed_ = true;
  log_.fired(std::move(entry));
  return true;
}

bool GraphEditor::inline_body(NodeId node, const Graph& body) {
  GraphBuilder builder = this->builder(node);
  size_t first = graph_.node_limit();
  std::string prefix = graph_.node(node).label(graph_) + "/";
  std::vector<ValueId> values = inline_graph(graph_, body, {}, prefix);
  size_t limit = graph_.node_limit();
  bool replaced = replace(node, values, builder, "", "the branch that is taken");
  for (size_t i = limit; i-- > first;) {
    auto id = static_cast<NodeId>(i);
    if (!graph_.contains(id)) continue;
    if (replaced) {
      touched_.push_back(id);
    } else if (is_unread(graph_, graph_.node(id))) {
      graph_.remove_node(id);
    }
  }
  return replaced;
}

void GraphEditor::near_miss(NodeId place, std::string reason, std::string before) {
  if (before.empty()) before = describe(std::span(&place, 1));
  log_.nearly({step_,
               graph_.node(place).label(graph_),
               std::move(before),
               "",
               std::move(reason),
               0,
               {},
               {},
               std::exchange(estimates_, {})});
}

void GraphEditor::remove_dead() {
  size_t removed = graph_.remove_dead();
  if (removed == 0) return;
  changed_ = true;
  log_.fired(
      {step_, graph_.name, fmt::format("{} nodes that nobody reads", removed), "", "", 0, {}, {}});
}

std::vector<NodeId> GraphEditor::take_touched() {
  std::vector<NodeId> touched = std::move(touched_);
  touched_.clear();
  std::erase_if(touched, [this](NodeId id) { return !graph_.contains(id); });
  return touched;
}

}  // namespace convoy
