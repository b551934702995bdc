#include "runtime/rewrite/branch_merge/layout_plan.h"

#include <algorithm>
#include <limits>

namespace convoy {
namespace {

bool is_straight(const std::vector<int>& positions, int count) {
  if (static_cast<int>(positions.size()) != count) return false;
  for (int i = 0; i < count; ++i) {
    if (positions[static_cast<size_t>(i)] != i) return false;
  }
  return true;
}

bool all_identical(const Graph& graph, const std::vector<ValueId>& constants) {
  return std::all_of(constants.begin(), constants.end(), [&](ValueId other) {
    if (other == constants[0]) return true;
    if (other == ValueId::kNone || constants[0] == ValueId::kNone) return false;
    return identical(*graph.constant(other), *graph.constant(constants[0]));
  });
}

}  // namespace

LayoutPlan::LayoutPlan(const Graph& graph, const Registry& registry, const Siblings& siblings,
                       MergeCost cost)
    : graph_(graph), registry_(registry), siblings_(siblings), cost_(cost),
      choices_(siblings.sets.size()) {
  for (size_t i = 0; i < choices_.size(); ++i) plan(static_cast<int>(i));
}

void LayoutPlan::plan_leaf(int number) {
  const SiblingSet& set = siblings_.sets[static_cast<size_t>(number)];
  LayoutChoice choice;
  choice.layout = set.leaf.squeezed ? StackLayout::on_axis(set.leaf.axis)
                                    : StackLayout::fold(set.leaf.axis);
  choices_[static_cast<size_t>(number)].push_back(std::move(choice));
}

BatchingRequest LayoutPlan::request_of(const SiblingSet& set) const {
  BatchingRequest request{graph_.node(set.nodes[0]), set.count(), {}, set.type};
  for (const SetOperand& operand : set.operands) {
    BatchedOperand& described = request.operands.emplace_back();
    described.kind = operand.kind;
    if (operand.kind == BatchedOperand::Kind::kStacked) {
      described.type = siblings_.sets[static_cast<size_t>(operand.set)].type;
    } else if (operand.kind == BatchedOperand::Kind::kShared) {
      described.shared = operand.shared;
      described.type = graph_.value(operand.shared).type;
    } else if (operand.kind == BatchedOperand::Kind::kConstants) {
      described.equal = all_identical(graph_, operand.constants);
      for (ValueId id : operand.constants) {
        const Tensor* tensor = id == ValueId::kNone ? nullptr : graph_.constant(id);
        described.constants.push_back(tensor ? *tensor : Tensor());
        if (tensor) described.type = ValueType::tensor(tensor->dtype(), tensor->shape());
      }
    }
  }
  return request;
}

std::optional<double> LayoutPlan::conversion(int number, const LayoutChoice& choice,
                                             const std::vector<int>& positions,
                                             StackLayout layout) const {
  const SiblingSet& set = siblings_.sets[static_cast<size_t>(number)];
  auto count = static_cast<int>(positions.size());
  LayoutChange change = layout_change(set.type, count, choice.layout, layout);
  if (!change.possible) return std::nullopt;
  double cost = cost_.change(set.type, count, change);
  if (set.is_leaf()) {
    int64_t expected = 0;
    bool whole = true;
    for (int position : positions) {
      whole = whole && set.starts[static_cast<size_t>(position)] == expected;
      expected += set.leaf.length;
    }
    return whole ? cost : cost + cost_.pass(set.type, count);
  }
  if (is_straight(positions, set.count())) return cost;
  if (choice.layout.kind == StackLayout::Kind::kFoldMinor) return std::nullopt;
  bool sized = choice.layout.kind == StackLayout::Kind::kAxis ||
               (*set.type.shape)[static_cast<size_t>(choice.layout.axis)].known();
  if (!sized) return std::nullopt;
  return cost + cost_.pass(set.type, count);
}

const LayoutChoice* LayoutPlan::best(int set, const std::vector<int>& positions,
                                     StackLayout layout) const {
  const LayoutChoice* found = nullptr;
  double lowest = std::numeric_limits<double>::infinity();
  for (const LayoutChoice& choice : choices(set)) {
    auto step = conversion(set, choice, positions, layout);
    if (!step || choice.cost + *step >= lowest) continue;
    lowest = choice.cost + *step;
    found = &choice;
  }
  return found;
}

void LayoutPlan::plan(int number) {
  const SiblingSet& set = siblings_.sets[static_cast<size_t>(number)];
  if (set.count() < 2) return;
  if (set.is_leaf()) return plan_leaf(number);
  for (const SetOperand& operand : set.operands) {
    bool stacked = operand.kind == BatchedOperand::Kind::kStacked;
    if (stacked && choices(operand.set).empty()) return;
  }
  BatchingRequest request = request_of(set);
  const OpDef* definition = registry_.find(request.node);
  std::vector<LayoutChoice>& ways = choices_[static_cast<size_t>(number)];
  for (BatchedForm& form : definition->batching.forms(request)) {
    LayoutChoice way;
    way.layout = form.output;
    way.cost = form.extra_passes * cost_.pass(set.type, set.count());
    way.sources.resize(set.operands.size());
    bool possible = true;
    for (size_t i = 0; i < set.operands.size() && possible; ++i) {
      const SetOperand& operand = set.operands[i];
      if (operand.kind != BatchedOperand::Kind::kStacked) continue;
      const LayoutChoice* source = best(operand.set, operand.positions, form.operands[i]);
      possible = source != nullptr;
      if (!possible) break;
      way.sources[i] = source->layout;
      auto step = conversion(operand.set, *source, operand.positions, form.operands[i]);
      way.cost += source->cost + *step;
    }
    if (!possible) continue;
    way.form = std::move(form);
    auto same = std::find_if(ways.begin(), ways.end(), [&](const LayoutChoice& other) {
      return other.layout == way.layout;
    });
    if (same == ways.end()) {
      ways.push_back(std::move(way));
    } else if (way.cost < same->cost) {
      *same = std::move(way);
    }
  }
}

}  // namespace convoy
