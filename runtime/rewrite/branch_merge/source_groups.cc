#include "runtime/rewrite/branch_merge/source_groups.h"

#include <algorithm>
#include <set>

namespace convoy {
namespace {

class SourceSearch {
 public:
  SourceSearch(const Graph& graph, const Siblings& siblings)
      : graph_(graph), siblings_(siblings), stages_(graph.value_count(), 0) {}

  SourceGroups run() {
    find_stages();
    for (size_t i = 0; i < graph_.node_limit(); ++i) {
      auto id = static_cast<NodeId>(i);
      if (graph_.contains(id) && graph_.node(id).is("Concat")) add_concat(graph_.node(id));
    }
    for (auto& [key, group] : groups_) group = representative({group, key.second});
    return std::move(groups_);
  }

 private:
  const SiblingSet& set(int number) const {
    return siblings_.sets[static_cast<size_t>(number)];
  }

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

  // The leaf sets that a set is made of, in the order of its operands.
  const std::vector<int>& leaves_of(int number) {
    auto [known, added] = leaves_.try_emplace(number);
    if (!added) return known->second;
    std::vector<int> leaves;
    if (set(number).is_leaf()) leaves.push_back(number);
    for (const SetOperand& operand : set(number).operands) {
      if (operand.kind != BatchedOperand::Kind::kStacked) continue;
      for (int leaf : leaves_of(operand.set)) {
        bool seen = std::find(leaves.begin(), leaves.end(), leaf) != leaves.end();
        if (!seen) leaves.push_back(leaf);
      }
    }
    return leaves_[number] = std::move(leaves);
  }

  void add_concat(const Node& concat) {
    std::set<int> sets;
    for (ValueId input : concat.inputs) {
      auto member = siblings_.find(input);
      if (member && !set(member->set).is_leaf()) sets.insert(member->set);
    }
    if (sets.size() < 2) return;
    std::vector<int> leaves;
    for (int number : sets) {
      const std::vector<int>& own = leaves_of(number);
      leaves.insert(leaves.end(), own.begin(), own.end());
    }
    for (size_t i = 1; i < leaves.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (join(set(leaves[j]), set(leaves[i]))) break;
      }
    }
  }

  bool join(const SiblingSet& a, const SiblingSet& b) {
    std::string form = a.leaf.form();
    ValueId x = a.sources[0];
    ValueId y = b.sources[0];
    if (x == y || form != b.leaf.form() || !fit(x, y, a.leaf.axis)) return false;
    ValueId first = representative({x, form});
    ValueId second = representative({y, form});
    if (first == second) return true;
    groups_.try_emplace({first, form}, first);
    groups_[{second, form}] = first;
    return true;
  }

  // Dimensions that are unknown by name too may differ at run time.
  bool fit(ValueId x, ValueId y, int axis) const {
    const ValueType& a = graph_.value(x).type;
    const ValueType& b = graph_.value(y).type;
    bool tensors = a.is_tensor() && b.is_tensor() && a.shape && b.shape;
    if (!tensors || a.dtype != b.dtype || a.rank() != b.rank()) return false;
    if (stages_[index_of(x)] != stages_[index_of(y)]) return false;
    for (int i = 0; i < a.rank(); ++i) {
      const Dimension& m = (*a.shape)[static_cast<size_t>(i)];
      const Dimension& n = (*b.shape)[static_cast<size_t>(i)];
      if (i == axis) {
        if (!m.known() || !n.known()) return false;
      } else if (m.known() ? m.size != n.size : n.known() || m.symbol.empty() ||
                                                    m.symbol != n.symbol) {
        return false;
      }
    }
    return true;
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
  std::map<int, std::vector<int>> leaves_;
  SourceGroups groups_;
};

}  // namespace

SourceGroups sources_that_meet(const Graph& graph, const Siblings& siblings) {
  return SourceSearch(graph, siblings).run();
}

}  // namespace convoy
