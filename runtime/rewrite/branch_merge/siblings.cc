#include "runtime/rewrite/branch_merge/siblings.h"

#include <algorithm>

#include "runtime/onnx/inference.h"

namespace convoy {
namespace {

// Attributes as text, defaults filled in; nullopt for nodes that are never siblings.
std::optional<std::string> canonical_attributes(const Node& node) {
  Node canonical = node;
  fill_default_attributes(canonical);
  if (node.is("Conv")) canonical.attributes.erase("kernel_shape");  // the weight says it
  std::string text;
  for (const auto& [name, value] : canonical.attributes) {
    if (std::holds_alternative<Tensor>(value) || std::holds_alternative<ValueType>(value) ||
        std::holds_alternative<std::vector<Tensor>>(value)) {
      return std::nullopt;
    }
    if (const auto* number = std::get_if<float>(&value)) {
      text += fmt::format("{}={:a};", name, *number);
    } else {
      text += fmt::format("{}={};", name, to_string(value));
    }
  }
  return text;
}

class SiblingSearch {
 public:
  SiblingSearch(const Graph& graph, const Registry& registry)
      : graph_(graph), registry_(registry) {}

  Siblings run() {
    for (NodeId id : graph_.topological_order()) {
      const Node& node = graph_.node(id);
      if (node.has_bodies()) continue;
      if (add_leaves(node)) continue;
      add_node(node);
    }
    return std::move(found_);
  }

 private:
  bool add_leaves(const Node& node) {
    bool any = false;
    for (ValueId output : node.outputs) {
      if (output == ValueId::kNone) continue;
      auto leaf = describe_leaf(graph_, output);
      if (!leaf || graph_.value(output).type.rank() < 0) continue;
      any = true;
      std::string key = fmt::format("leaf {} {} {} {}", static_cast<int32_t>(leaf->source),
                                    leaf->axis, leaf->length, leaf->squeezed);
      SiblingSet& set = set_of(key);
      set.leaf = *leaf;
      set.starts.push_back(leaf->start);
      add_member(key, output);
    }
    return any;
  }

  SiblingSet& set_of(const std::string& key) {
    auto [known, added] = by_key_.emplace(key, static_cast<int>(found_.sets.size()));
    if (added) found_.sets.emplace_back();
    return found_.sets[static_cast<size_t>(known->second)];
  }

  void add_member(const std::string& key, ValueId value) {
    int number = by_key_.at(key);
    SiblingSet& set = found_.sets[static_cast<size_t>(number)];
    if (set.members.empty()) set.type = graph_.value(value).type;
    found_.member_of[static_cast<int32_t>(value)] = {number, set.count()};
    set.members.push_back(value);
  }

  void add_node(const Node& node) {
    if (node.outputs.size() != 1 || node.outputs[0] == ValueId::kNone) return;
    bool reads_member = std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId input) {
      return input != ValueId::kNone && found_.find(input);
    });
    const ValueType& type = graph_.value(node.outputs[0]).type;
    if (!reads_member || type.rank() < 0) return;
    const OpDef* definition = registry_.find(node);
    if (definition == nullptr || definition->random || !definition->batching) return;
    auto attributes = canonical_attributes(node);
    if (!attributes) return;
    std::string key = fmt::format("{}:{}:{}|{}|", node.domain, node.op_type, node.version,
                                  *attributes);
    size_t arity = node.inputs.size();
    for (int slot : definition->batching.may_lack) {
      arity = std::max(arity, static_cast<size_t>(slot) + 1);
    }
    for (size_t i = 0; i < arity; ++i) key += key_of_operand(node, *definition, i);
    SiblingSet& set = set_of(key);
    set.operands.resize(arity);
    for (size_t i = 0; i < arity; ++i) add_operand(set.operands[i], node, i);
    set.nodes.push_back(node.id);
    add_member(key, node.outputs[0]);
  }

  bool may_lack(const OpDef& definition, size_t slot) const {
    const auto& slots = definition.batching.may_lack;
    return std::find(slots.begin(), slots.end(), static_cast<int>(slot)) != slots.end();
  }

  std::string key_of_operand(const Node& node, const OpDef& definition, size_t slot) const {
    ValueId input = node.input(static_cast<int>(slot));
    const Tensor* constant = input == ValueId::kNone ? nullptr : graph_.constant(input);
    if (may_lack(definition, slot) && (input == ValueId::kNone || constant != nullptr)) {
      return "optional constant;";
    }
    if (input == ValueId::kNone) return "absent;";
    if (constant != nullptr) {
      return fmt::format("constant {}{};", to_string(constant->dtype()),
                         to_string(constant->shape()));
    }
    if (auto member = found_.find(input)) return fmt::format("set {};", member->set);
    return fmt::format("value {};", static_cast<int32_t>(input));
  }

  void add_operand(SetOperand& operand, const Node& node, size_t slot) {
    ValueId input = node.input(static_cast<int>(slot));
    if (input == ValueId::kNone) {
      operand.constants.push_back(ValueId::kNone);
    } else if (graph_.constant(input) != nullptr) {
      operand.kind = BatchedOperand::Kind::kConstants;
      operand.constants.push_back(input);
    } else if (auto member = found_.find(input)) {
      operand.kind = BatchedOperand::Kind::kStacked;
      operand.set = member->set;
      operand.positions.push_back(member->position);
    } else {
      operand.kind = BatchedOperand::Kind::kShared;
      operand.shared = input;
    }
  }

  const Graph& graph_;
  const Registry& registry_;
  Siblings found_;
  std::unordered_map<std::string, int> by_key_;
};

}  // namespace

std::optional<SetMember> Siblings::find(ValueId value) const {
  auto found = member_of.find(static_cast<int32_t>(value));
  if (found == member_of.end()) return std::nullopt;
  return found->second;
}

Siblings find_siblings(const Graph& graph, const Registry& registry) {
  return SiblingSearch(graph, registry).run();
}

}  // namespace convoy
