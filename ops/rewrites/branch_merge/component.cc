#include "ops/rewrites/branch_merge/component.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <unordered_map>

#include "ops/rewrites/branch_merge/why_not_siblings.h"

namespace convoy {
namespace {

constexpr size_t kLeastTerms = 3;  // of a sum that is thought to be of branches

class Search {
 public:
  Search(const Graph& graph, const Registry& registry, const Siblings& siblings,
         const LayoutPlan& plan)
      : graph_(graph), registry_(registry), siblings_(siblings), plan_(plan) {}

  ComponentSearch run() {
    IsMergeable mergeable = [this](int set) { return !plan_.choices(set).empty(); };
    for (NodeId id : graph_.topological_order()) {
      const Node& node = graph_.node(id);
      auto join = concat_at(graph_, siblings_, node, mergeable);
      if (!join) join = sum_at(graph_, siblings_, node, mergeable);
      if (join) {
        add_join(std::move(*join));
      } else {
        refuse(node, mergeable);
      }
    }
    for (size_t i = siblings_.sets.size(); i-- > 0;) add_open_set(static_cast<int>(i));
    return std::move(found_);
  }

 private:
  const SiblingSet& set(int number) const { return siblings_.sets[static_cast<size_t>(number)]; }

  void refuse(const Node& node, const IsMergeable& mergeable) {
    std::vector<NodeId> inner;
    bool concat = node.is("Concat") && node.inputs.size() > 1;
    std::vector<ValueId> ends =
        concat ? node.inputs : terms_at(graph_, siblings_, node, mergeable, inner);
    if (!concat && ends.size() < kLeastTerms) return;
    auto reason = why_not_siblings(graph_, registry_, siblings_, ends, mergeable);
    if (reason) found_.refused.emplace_back(node.id, std::move(*reason));
  }

  // Chooses layouts for the set and what it reads; false when `layout` cannot be had. A set that
  // has a layout already keeps it.
  bool choose(int number, const std::vector<int>& positions, StackLayout layout,
              Component& state) const {
    if (set(number).is_leaf()) state.stacked.insert(number);
    if (auto known = state.layouts.find(number); known != state.layouts.end()) {
      return plan_.conversion(number, known->second, positions, layout).has_value();
    }
    const LayoutChoice* best = plan_.best(number, positions, layout);
    if (best == nullptr) return false;
    return compute(number, *best, state);
  }

  bool compute(int number, const LayoutChoice& way, Component& state) const {
    state.layouts[number] = way.layout;
    for (int twin : set(number).twins) {
      const LayoutChoice* beside = plan_.choice_beside(twin, way);
      if (beside == nullptr) return false;
      state.layouts[twin] = beside->layout;
    }
    return choose_operands(number, way, state);
  }

  bool choose_operands(int number, const LayoutChoice& way, Component& state) const {
    for (size_t i = 0; i < set(number).operands.size(); ++i) {
      const SetOperand& operand = set(number).operands[i];
      if (operand.kind != BatchedOperand::Kind::kStacked) continue;
      if (!choose(operand.set, operand.positions, way.form.operands[i], state)) return false;
    }
    return true;
  }

  bool choose_sum(int number, const std::vector<int>& positions, Component& state) const {
    auto way = plan_.best_sum(number, positions);
    if (!way) return false;
    if (!way->form && set(number).is_leaf()) {
      // Of each source by itself: see StackBuilder::sum_of.
      state.layouts.try_emplace(number, plan_.choices(number)[0].layout);
      return true;
    }
    if (!way->form) return choose(number, way->positions, way->layout, state);
    state.summed.insert(number);
    for (size_t i = 0; i < set(number).operands.size(); ++i) {
      const SetOperand& operand = set(number).operands[i];
      if (operand.kind != BatchedOperand::Kind::kStacked) continue;
      std::vector<int> members = positions_of_operand(operand, way->positions);
      bool chosen = way->form->sums_operands
                        ? choose_sum(operand.set, members, state)
                        : choose(operand.set, members, way->form->operands[i], state);
      if (!chosen) return false;
    }
    return true;
  }

  bool choose_for(const Join& join, Component& state) const {
    return std::all_of(join.parts.begin(), join.parts.end(), [&](const JoinPart& part) {
      if (part.set < 0) return true;
      if (join.kind == Join::Kind::kSum) return choose_sum(part.set, part.positions, state);
      return choose(part.set, part.positions, StackLayout::fold(join.axis), state);
    });
  }

  void add_join(Join join) {
    Component alone;
    if (!choose_for(join, alone)) {
      found_.refused.emplace_back(join.node, "no layout fits: too many dimensions are unknown");
      return;
    }
    for (const auto& [number, layout] : alone.layouts) {
      auto home = home_.find(number);
      if (home == home_.end() || set(number).is_leaf()) continue;
      Component& component = found_.components[home->second];
      Component together{component.layouts, component.summed, component.stacked, {}, NodeId::kNone};
      if (!choose_for(join, together)) break;
      component.layouts = std::move(together.layouts);
      component.summed = std::move(together.summed);
      component.stacked = std::move(together.stacked);
      component.place = join.node;
      component.joins.push_back(std::move(join));
      remember(home->second);
      return;
    }
    alone.place = join.node;
    alone.joins.push_back(std::move(join));
    found_.components.push_back(std::move(alone));
    remember(found_.components.size() - 1);
  }

  void remember(size_t component) {
    for (const auto& [number, layout] : found_.components[component].layouts) {
      home_.try_emplace(number, component);
    }
  }

  // A set that no component has: all of its members are wanted one by one. Only with products.
  void add_open_set(int number) {
    if (set(number).is_leaf() || plan_.choices(number).empty() || home_.contains(number)) return;
    std::vector<int> all(static_cast<size_t>(set(number).count()));
    std::iota(all.begin(), all.end(), 0);
    const LayoutChoice* best = nullptr;
    for (const LayoutChoice& way : plan_.choices(number)) {
      if (way.layout.kind == StackLayout::Kind::kFoldMinor) continue;
      if (best == nullptr || way.cost < best->cost) best = &way;
    }
    if (best == nullptr) return;
    Component component;
    component.place = set(number).nodes[0];
    if (!compute(number, *best, component) || !has_products(component)) return;
    found_.components.push_back(std::move(component));
    remember(found_.components.size() - 1);
  }

  // Elementwise operators alone are better fused with what reads them than merged.
  bool has_products(const Component& component) const {
    return std::any_of(component.layouts.begin(), component.layouts.end(), [&](const auto& known) {
      if (set(known.first).is_leaf()) return false;
      const OpDef* definition = registry_.find(graph_.node(set(known.first).nodes[0]));
      return definition != nullptr && definition->multiply_adds != nullptr;
    });
  }

  const Graph& graph_;
  const Registry& registry_;
  const Siblings& siblings_;
  const LayoutPlan& plan_;
  std::unordered_map<int, size_t> home_;  // the first component with the set
  ComponentSearch found_;
};

}  // namespace

ComponentSearch find_components(const Graph& graph, const Registry& registry,
                                const Siblings& siblings, const LayoutPlan& plan) {
  return Search(graph, registry, siblings, plan).run();
}

namespace {

// Producers of what the stacked nodes will read from outside.
std::unordered_set<NodeId> read_by_stacked(const Graph& graph, const Siblings& siblings,
                                           const Component& component, const MovedValues& moved) {
  std::unordered_set<NodeId> read;
  auto add = [&](ValueId value) {
    if (auto found = moved.find(value); found != moved.end()) value = found->second;
    if (value != ValueId::kNone && !graph.value(value).removed) {
      read.insert(graph.value(value).producer);
    }
  };
  auto add_set = [&](int number) {
    const SiblingSet& set = siblings.sets[static_cast<size_t>(number)];
    std::for_each(set.sources.begin(), set.sources.end(), add);
    for (const SetOperand& operand : set.operands) add(operand.shared);
  };
  for (const auto& [number, layout] : component.layouts) add_set(number);
  std::for_each(component.summed.begin(), component.summed.end(), add_set);
  return read;
}

}  // namespace

std::unordered_set<NodeId> dying_nodes(const Graph& graph, const Siblings& siblings,
                                       const Component& component, const MovedValues& moved) {
  std::unordered_set<NodeId> staying = read_by_stacked(graph, siblings, component, moved);
  std::unordered_set<NodeId> dying;
  std::vector<NodeId> stack;
  auto kill = [&](NodeId id) {
    if (dying.insert(id).second) stack.push_back(id);
  };
  for (const Join& join : component.joins) kill(join.node);
  for (const auto& [number, layout] : component.layouts) {
    const SiblingSet& set = siblings.sets[static_cast<size_t>(number)];
    for (NodeId id : set.nodes) {
      // Of a Split, only one output is this set's: it dies when all are unread.
      if (!set.is_slice || graph.node(id).outputs.size() == 1) kill(id);
    }
  }
  std::unordered_map<NodeId, size_t> unread;  // uses by dying nodes
  while (!stack.empty()) {
    NodeId next = stack.back();
    stack.pop_back();
    for (ValueId input : graph.node(next).inputs) {
      NodeId producer = graph.value(input).producer;
      if (producer == NodeId::kNone || staying.contains(producer)) continue;
      size_t uses = 0;
      bool wanted = false;
      for (ValueId output : graph.node(producer).outputs) {
        if (output == ValueId::kNone) continue;
        uses += graph.value(output).uses.size();
        wanted = wanted || graph.value(output).is_output;
      }
      if (++unread[producer] == uses && !wanted) kill(producer);
    }
  }
  return dying;
}

std::vector<int> escaping_members(const Graph& graph, const SiblingSet& set,
                                  const std::unordered_set<NodeId>& dying) {
  std::vector<int> escaped;
  for (size_t i = 0; i < set.members.size(); ++i) {
    if (set.members[i] == ValueId::kNone) continue;
    const ValueInfo& info = graph.value(set.members[i]);
    bool outside =
        info.is_output || std::any_of(info.uses.begin(), info.uses.end(), [&](const Use& use) {
          return use.slot == Use::kCapture || !dying.contains(use.node);
        });
    if (outside) escaped.push_back(static_cast<int>(i));
  }
  return escaped;
}

}  // namespace convoy
