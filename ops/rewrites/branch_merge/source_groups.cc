#include "ops/rewrites/branch_merge/source_groups.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "ops/rewrites/branch_merge/joins.h"

namespace convoy {
namespace {

constexpr size_t kMostLeaves = 32;  // of one set

class SourceSearch {
 public:
  SourceSearch(const Graph& graph, const Siblings& siblings)
      : graph_(graph), siblings_(siblings), stages_(graph.value_count(), 0) {}

  SourceGroups run() {
    find_stages();
    for (size_t i = 0; i < graph_.node_limit(); ++i) {
      auto id = static_cast<NodeId>(i);
      if (graph_.contains(id)) add_join(graph_.node(id));
    }
    for (auto& [key, group] : groups_) group = representative({group, key.second});
    return std::move(groups_);
  }

 private:
  const SiblingSet& set(int number) const { return siblings_.sets[static_cast<size_t>(number)]; }

  void find_stages() {
    for (NodeId id : graph_.topological_order()) {
      const Node& node = graph_.node(id);
      int stage = 0;
      auto read = [&](ValueId value) {
        if (value != ValueId::kNone) stage = std::max(stage, stages_[index_of(value)]);
      };
      std::for_each(node.inputs.begin(), node.inputs.end(), read);
      node.for_each_body([&](const Graph& body) {
        for (const Graph::Capture& capture : body.captures()) read(capture.outer);
      });
      for (ValueId output : node.outputs) {
        if (output == ValueId::kNone) continue;
        bool slice = describe_leaf(graph_, output).has_value();
        stages_[index_of(output)] = stage + (slice ? 1 : 0);
      }
    }
  }

  // The leaf sets that a set is made of, in the order of its operands; the first of them.
  const std::vector<int>& leaves_of(int number) {
    while (leaves_.size() <= static_cast<size_t>(number)) {
      auto next = static_cast<int>(leaves_.size());
      std::vector<int> leaves;
      if (set(next).is_leaf()) leaves.push_back(next);
      for (const SetOperand& operand : set(next).operands) {
        if (operand.kind != BatchedOperand::Kind::kStacked) continue;
        for (int leaf : leaves_[static_cast<size_t>(operand.set)]) {
          bool seen = std::find(leaves.begin(), leaves.end(), leaf) != leaves.end();
          if (!seen && leaves.size() < kMostLeaves) leaves.push_back(leaf);
        }
      }
      leaves_.push_back(std::move(leaves));
    }
    return leaves_[static_cast<size_t>(number)];
  }

  void add_join(const Node& node) {
    if (node.is("Concat")) return add_ends(node.inputs);
    auto several = [this](int number) { return set(number).count() > 1; };
    std::vector<NodeId> inner;
    add_ends(terms_at(graph_, siblings_, node, several, inner));
  }

  void add_ends(const std::vector<ValueId>& ends) {
    std::set<int> sets;
    for (ValueId input : ends) {
      auto member = siblings_.find(input);
      if (member && !set(member->set).is_leaf()) sets.insert(member->set);
    }
    if (sets.size() < 2) return;
    std::map<std::string, ValueId> first_of;  // by kind
    for (int number : sets) {
      for (int leaf : leaves_of(number)) {
        const Leaf& slice = set(leaf).leaf;
        ValueId source = set(leaf).sources[0];
        auto kind = kind_of(source, slice);
        if (!kind) continue;
        ValueId first = first_of.try_emplace(*kind, source).first->second;
        if (first != source) group(first, source, slice.form());
      }
    }
  }

  // What sources of one group have in common; nullopt where a size may be another at run time.
  std::optional<std::string> kind_of(ValueId source, const Leaf& slice) const {
    const ValueType& type = graph_.value(source).type;
    if (!type.is_tensor() || !type.shape) return std::nullopt;
    std::string kind =
        fmt::format("{} {} {}:", slice.form(), stages_[index_of(source)], to_string(type.dtype));
    for (int i = 0; i < type.rank(); ++i) {
      const Dimension& dim = (*type.shape)[static_cast<size_t>(i)];
      if (!dim.known() && (i == slice.axis || dim.symbol.empty())) return std::nullopt;
      if (dim.size > kMostPositions) return std::nullopt;
      kind += i == slice.axis ? "*" : dim.known() ? std::to_string(dim.size) : dim.symbol;
      kind += ",";
    }
    return kind;
  }

  void group(ValueId first, ValueId source, const std::string& form) {
    ValueId a = representative({first, form});
    ValueId b = representative({source, form});
    if (a == b) return;
    groups_.try_emplace({a, form}, a);
    groups_[{b, form}] = a;
  }

  ValueId representative(std::pair<ValueId, std::string> key) const {
    for (auto found = groups_.find(key); found != groups_.end() && found->second != key.first;
         found = groups_.find(key)) {
      key.first = found->second;
    }
    return key.first;
  }

  const Graph& graph_;
  const Siblings& siblings_;
  std::vector<int> stages_;
  std::vector<std::vector<int>> leaves_;  // by set; operands come before what reads them
  SourceGroups groups_;
};

}  // namespace

SourceGroups sources_that_meet(const Graph& graph, const Siblings& siblings) {
  return SourceSearch(graph, siblings).run();
}

}  // namespace convoy
