#include "ops/rewrites/branch_merge/why_not_siblings.h"

#include <algorithm>
#include <set>

#include "ops/rewrites/branch_merge/what_differs.h"

namespace convoy {
namespace {

constexpr int kMostSteps = 32;  // up the branches

bool is_branch_step(const Siblings& siblings, const Node& node) {
  return std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId operand) {
    return operand != ValueId::kNone && siblings.find(operand);
  });
}

bool reads_member_in_body(const Siblings& siblings, const Node& node) {
  bool reads = false;
  node.for_each_body([&](const Graph& body) {
    for (const Graph::Capture& capture : body.captures()) {
      reads = reads || siblings.find(capture.outer);
    }
  });
  return reads;
}

// What is special about the operands of a set that has no form.
std::string why_no_form(const Graph& graph, const SiblingSet& set) {
  if (set.count() < 2) return "all branches begin with the same value";
  if (set.is_leaf()) return "the branches begin with too many axes, or too large a size";
  std::string text =
      fmt::format("{} cannot be computed once for all branches", graph.node(set.nodes[0]).op_type);
  for (size_t i = 1; i < set.operands.size(); ++i) {
    const SetOperand& operand = set.operands[i];
    if (operand.kind == BatchedOperand::Kind::kStacked) {
      return text + fmt::format(": operand {} is computed in each", i + 1);
    }
    if (!operand.has_equal_constants(graph)) {
      return text + fmt::format(": operand {} differs", i + 1);
    }
    if (operand.kind == BatchedOperand::Kind::kShared) {
      return text + fmt::format(": operand {} is no constant", i + 1);
    }
  }
  return text;
}

// The first set on the way to this one that cannot be stacked.
int first_unmergeable(const Siblings& siblings, int set, const IsMergeable& mergeable) {
  for (int next = set; next >= 0;) {
    set = next;
    next = -1;
    for (const SetOperand& operand : siblings.sets[static_cast<size_t>(set)].operands) {
      bool stacked = operand.kind == BatchedOperand::Kind::kStacked;
      if (stacked && next < 0 && !mergeable(operand.set)) next = operand.set;
    }
  }
  return set;
}

// An operand of the nodes that compute `values` which is neither shared, nor constant, nor a member
// of a set.
std::optional<std::string> why_no_members(const Graph& graph, const Siblings& siblings,
                                          std::span<const ValueId> values) {
  auto node_of = [&](ValueId value) -> const Node& {
    return graph.node(graph.value(value).producer);
  };
  const Node& first = node_of(values[0]);
  for (int i = 0; i < static_cast<int>(first.inputs.size()); ++i) {
    bool shared = std::all_of(values.begin(), values.end(), [&](ValueId value) {
      return node_of(value).input(i) == first.input(i);
    });
    for (ValueId value : values) {
      ValueId operand = node_of(value).input(i);
      bool fits = shared || operand == ValueId::kNone || graph.constant(operand) != nullptr ||
                  siblings.find(operand);
      if (fits) continue;
      bool given = graph.value(operand).producer == NodeId::kNone;
      return fmt::format("operand {} of {} is {} in each branch", i + 1, first.op_type,
                         given ? "another input" : "computed");
    }
  }
  return std::nullopt;
}

// The same up the branches.
std::string why_operands_differ(const Graph& graph, const Siblings& siblings,
                                std::vector<ValueId> values) {
  for (int step = 0; step < kMostSteps; ++step) {
    if (auto reason = why_no_members(graph, siblings, values)) return *reason;
    for (ValueId& value : values) {
      value = leading_operand(graph, graph.node(graph.value(value).producer));
      auto member = value == ValueId::kNone ? std::nullopt : siblings.find(value);
      if (!member || siblings.sets[static_cast<size_t>(member->set)].is_leaf()) {
        return "operands come from different places";
      }
    }
  }
  return "operands come from different places";
}

std::optional<std::string> why_not_at(const Graph& graph, const Registry& registry,
                                      const Siblings& siblings, std::vector<ValueId> values,
                                      std::span<const ValueId> ends) {
  const Node& first = graph.node(graph.value(values[0]).producer);
  const OpDef* definition = registry.find(first);
  if (definition == nullptr || !definition->batching) {
    return fmt::format("{} has no batching rule", first.op_type);
  }
  if (definition->random) return fmt::format("{} is random", first.op_type);
  std::vector<int> read = read_outputs(graph, first);
  if (!read.empty() && read.back() != 0 && !definition->batching.any_output) {
    return fmt::format("output {} of {} is read", read.back() + 1, first.op_type);
  }
  auto difference = what_differs(graph, registry, ends);
  return difference ? *difference : why_operands_differ(graph, siblings, std::move(values));
}

}  // namespace

std::optional<std::string> why_not_siblings(const Graph& graph, const Registry& registry,
                                            const Siblings& siblings,
                                            const std::vector<ValueId>& ends,
                                            const IsMergeable& mergeable) {
  std::vector<ValueId> values = ends;
  for (int step = 0; step < kMostSteps; ++step) {
    std::set<int> sets;
    bool branches = true;
    for (ValueId value : values) {
      NodeId producer = graph.value(value).producer;
      if (producer == NodeId::kNone) return std::nullopt;
      if (reads_member_in_body(siblings, graph.node(producer))) {
        return fmt::format("{} has a body in each branch", graph.node(producer).op_type);
      }
      auto member = siblings.find(value);
      sets.insert(member ? member->set : -1);
      bool leaf = member && siblings.sets[static_cast<size_t>(member->set)].is_leaf();
      if (leaf) return std::nullopt;
      branches = branches && is_branch_step(siblings, graph.node(producer));
    }
    int only = sets.size() == 1 ? *sets.begin() : -1;
    if (only >= 0 && siblings.sets[static_cast<size_t>(only)].count() > 1) {
      if (mergeable(only)) return std::nullopt;
      int cause = first_unmergeable(siblings, only, mergeable);
      return why_no_form(graph, siblings.sets[static_cast<size_t>(cause)]);
    }
    if (branches) {
      return why_not_at(graph, registry, siblings, values, ends);
    }
    for (ValueId& value : values) {
      value = leading_operand(graph, graph.node(graph.value(value).producer));
    }
  }
  return std::nullopt;
}

}  // namespace convoy
