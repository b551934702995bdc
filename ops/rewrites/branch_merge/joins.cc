#include "ops/rewrites/branch_merge/joins.h"

#include <algorithm>
#include <map>
#include <set>

#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

bool has_several_members(const Join& join) {
  return std::any_of(join.parts.begin(), join.parts.end(), [](const JoinPart& part) {
    return std::set<int>(part.positions.begin(), part.positions.end()).size() > 1;
  });
}

bool is_addition(const Node& node) {
  bool adds = (node.is("Add") && node.version >= 7) || (node.is("Sum") && node.version >= 8);
  return adds && std::ranges::find(node.inputs, ValueId::kNone) == node.inputs.end();
}

bool may_be_reordered(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kFloat16 ||
         dtype == DType::kBFloat16 || dtype == DType::kInt32 || dtype == DType::kInt64;
}

// The addition is one step of every branch: its operands are members of different sets.
bool is_inside_branches(const Siblings& siblings, const Node& node, const IsMergeable& mergeable) {
  auto own = siblings.find(node.outputs[0]);
  if (!own || !mergeable(own->set)) return false;
  std::set<int> sets;
  for (ValueId input : node.inputs) {
    auto member = siblings.find(input);
    if (!member || !sets.insert(member->set).second) return true;
  }
  return sets.size() > 1;
}

// The additions of branches among the terms, if this sum alone reads all of them: by set.
std::set<int> additions_to_open(const Graph& graph, const Siblings& siblings,
                                const std::vector<ValueId>& terms, const IsMergeable& mergeable) {
  std::map<int, int> counts;
  for (ValueId term : terms) {
    auto member = siblings.find(term);
    NodeId producer = graph.value(term).producer;
    bool addition = member && producer != NodeId::kNone && is_addition(graph.node(producer));
    if (addition && graph.only_user(term) != NodeId::kNone) ++counts[member->set];
  }
  std::set<int> opened;
  for (auto [number, count] : counts) {
    const SiblingSet& set = siblings.sets[static_cast<size_t>(number)];
    bool branches = std::all_of(set.operands.begin(), set.operands.end(), [&](const auto& operand) {
      return operand.kind == BatchedOperand::Kind::kStacked && mergeable(operand.set);
    });
    if (branches && count == set.count()) opened.insert(number);
  }
  return opened;
}

void open_additions(const Graph& graph, const Siblings& siblings, const IsMergeable& mergeable,
                    std::vector<ValueId>& terms, std::vector<NodeId>& inner_nodes) {
  for (;;) {
    std::set<int> opened = additions_to_open(graph, siblings, terms, mergeable);
    if (opened.empty()) return;
    std::vector<ValueId> all;
    for (ValueId term : terms) {
      auto member = siblings.find(term);
      if (!member || !opened.contains(member->set)) {
        all.push_back(term);
        continue;
      }
      const Node& node = graph.node(graph.value(term).producer);
      inner_nodes.push_back(node.id);
      all.insert(all.end(), node.inputs.begin(), node.inputs.end());
    }
    terms = std::move(all);
  }
}

// The operands of a tree of additions, from left to right.
std::vector<ValueId> terms_of(const Graph& graph, const Siblings& siblings, const Node& root,
                              const IsMergeable& mergeable, std::vector<NodeId>& inner_nodes) {
  std::vector<ValueId> terms;
  std::vector<ValueId> stack(root.inputs.rbegin(), root.inputs.rend());
  while (!stack.empty()) {
    ValueId value = stack.back();
    stack.pop_back();
    NodeId producer = graph.value(value).producer;
    bool inner = producer != NodeId::kNone && graph.only_user(value) != NodeId::kNone &&
                 is_addition(graph.node(producer)) &&
                 !is_inside_branches(siblings, graph.node(producer), mergeable);
    if (!inner) {
      terms.push_back(value);
      continue;
    }
    inner_nodes.push_back(producer);
    const Node& node = graph.node(producer);
    stack.insert(stack.end(), node.inputs.rbegin(), node.inputs.rend());
  }
  open_additions(graph, siblings, mergeable, terms, inner_nodes);
  return terms;
}

// The addition is no inner node of a larger tree.
bool ends_a_sum(const Graph& graph, const Siblings& siblings, const Node& node,
                const IsMergeable& mergeable) {
  if (!is_addition(node) || is_inside_branches(siblings, node, mergeable)) return false;
  NodeId user = graph.only_user(node.outputs[0]);
  return user == NodeId::kNone || !is_addition(graph.node(user)) ||
         is_inside_branches(siblings, graph.node(user), mergeable);
}

}  // namespace

std::vector<ValueId> terms_at(const Graph& graph, const Siblings& siblings, const Node& node,
                              const IsMergeable& mergeable, std::vector<NodeId>& inner) {
  if (node.outputs.size() != 1 || !ends_a_sum(graph, siblings, node, mergeable)) return {};
  const ValueType& type = graph.value(node.outputs[0]).type;
  if (!type.is_tensor() || !may_be_reordered(type.dtype)) return {};
  return terms_of(graph, siblings, node, mergeable, inner);
}

std::optional<Join> concat_at(const Graph& graph, const Siblings& siblings, const Node& node,
                              const IsMergeable& mergeable) {
  if (!node.is("Concat") || node.inputs.size() < 2) return std::nullopt;
  int rank = graph.value(node.outputs[0]).type.rank();
  if (rank < 1) return std::nullopt;
  auto axis = normalized({integer_of(node, "axis", node.version < 4 ? 1 : 0)}, rank);
  if (!axis) return std::nullopt;
  Join join{Join::Kind::kConcat, node.id, static_cast<int>((*axis)[0]), {}, {}};
  for (ValueId input : node.inputs) {
    auto member = siblings.find(input);
    const SiblingSet* set = member ? &siblings.sets[static_cast<size_t>(member->set)] : nullptr;
    bool fits = set != nullptr && !set->is_leaf() && set->type.rank() == rank;
    if (!fits || !mergeable(member->set)) {
      join.parts.push_back({-1, {}, input});
      continue;
    }
    if (join.parts.empty() || join.parts.back().set != member->set) {
      join.parts.push_back({member->set, {}, ValueId::kNone});
    }
    join.parts.back().positions.push_back(member->position);
  }
  return has_several_members(join) ? std::optional(join) : std::nullopt;
}

std::optional<Join> sum_at(const Graph& graph, const Siblings& siblings, const Node& node,
                           const IsMergeable& mergeable) {
  Join join{Join::Kind::kSum, node.id, 0, {}, {}};
  for (ValueId term : terms_at(graph, siblings, node, mergeable, join.inner)) {
    auto member = siblings.find(term);
    if (!member || !mergeable(member->set)) {
      join.parts.push_back({-1, {}, term});
      continue;
    }
    auto known = std::find_if(join.parts.begin(), join.parts.end(),
                              [&](const JoinPart& part) { return part.set == member->set; });
    if (known == join.parts.end()) {
      join.parts.push_back({member->set, {}, ValueId::kNone});
      known = join.parts.end() - 1;
    }
    known->positions.push_back(member->position);
  }
  // One member alone, and two slices, are added as they are.
  std::vector<JoinPart> parts;
  for (JoinPart& part : join.parts) {
    bool leaf = part.set >= 0 && siblings.sets[static_cast<size_t>(part.set)].is_leaf();
    if (part.set < 0 || part.positions.size() > (leaf ? 2U : 1U)) {
      parts.push_back(std::move(part));
      continue;
    }
    for (int position : part.positions) {
      const SiblingSet& set = siblings.sets[static_cast<size_t>(part.set)];
      parts.push_back({-1, {}, set.members[static_cast<size_t>(position)]});
    }
  }
  join.parts = std::move(parts);
  return has_several_members(join) ? std::optional(join) : std::nullopt;
}

}  // namespace convoy
