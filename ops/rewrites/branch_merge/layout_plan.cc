#include "ops/rewrites/branch_merge/layout_plan.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "ops/batching/stack_constants.h"

namespace convoy {
namespace {

constexpr int kMostLevels = 1000;  // of a branch, which is walked down a call a level

bool is_straight(const std::vector<int>& positions, int count) {
  if (static_cast<int>(positions.size()) != count) return false;
  for (int i = 0; i < count; ++i) {
    if (positions[static_cast<size_t>(i)] != i) return false;
  }
  return true;
}

// May the members have one more axis, and is every known dimension one that is looked at, however
// they are stacked?
bool may_be_stacked(const SiblingSet& set) {
  if (!set.type.shape || set.type.rank() >= kMaxRank) return false;
  return std::all_of(set.type.shape->begin(), set.type.shape->end(), [&](const Dimension& dim) {
    return dim.size <= kMostPositions / set.count();
  });
}

// Are the constants of each operand of one dtype and shape? Those that members may lack are not
// told apart by them.
bool has_uniform_constants(const BatchingRequest& request) {
  return std::ranges::all_of(request.operands, [](const BatchedOperand& operand) {
    return std::ranges::all_of(operand.constants, [&](const Tensor& constant) {
      return !constant.defined() ||
             operand.type == ValueType::tensor(constant.dtype(), constant.shape());
    });
  });
}

// The same slice of every member.
std::vector<BatchedForm> slices_of_members(const ValueType& member, const Leaf& slice) {
  std::vector<BatchedForm> forms;
  auto add = [&](StackLayout from, StackLayout to, int axis) {
    forms.push_back(
        {{from},
         to,
         0,
         [slice, axis](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType&) {
           if (slice.squeezed) return builder.pick(operands[0], axis, slice.start);
           return builder.slice(operands[0], axis, slice.start, slice.start + slice.length);
         }});
  };
  for (int at = 0; at <= member.rank(); ++at) {
    bool lower = slice.squeezed && slice.axis < at;
    add(StackLayout::on_axis(at), StackLayout::on_axis(lower ? at - 1 : at),
        slice.axis < at ? slice.axis : slice.axis + 1);
  }
  for (int at = 0; at < member.rank(); ++at) {
    if (at == slice.axis) continue;
    int moved = slice.squeezed && slice.axis < at ? at - 1 : at;
    add(StackLayout::fold(at), StackLayout::fold(moved), slice.axis);
    add(StackLayout::fold_minor(at), StackLayout::fold_minor(moved), slice.axis);
  }
  return forms;
}

}  // namespace

LayoutPlan::LayoutPlan(const Graph& graph, const Registry& registry, const Siblings& siblings,
                       MergeCost cost)
    : graph_(graph),
      registry_(registry),
      siblings_(siblings),
      cost_(cost),
      choices_(siblings.sets.size()),
      levels_(siblings.sets.size(), 0) {
  for (size_t i = 0; i < choices_.size(); ++i) plan(static_cast<int>(i));
}

void LayoutPlan::plan_leaf(int number) {
  const SiblingSet& set = siblings_.sets[static_cast<size_t>(number)];
  LayoutChoice choice;
  choice.layout =
      set.leaf.squeezed ? StackLayout::on_axis(set.leaf.axis) : StackLayout::fold(set.leaf.axis);
  choices_[static_cast<size_t>(number)].push_back(std::move(choice));
}

BatchingRequest LayoutPlan::request_of(const SiblingSet& set,
                                       const std::vector<int>& positions) const {
  BatchingRequest request{
      graph_.node(set.nodes[0]), static_cast<int>(positions.size()), {}, set.type, set.slot};
  for (const SetOperand& operand : set.operands) {
    BatchedOperand& described = request.operands.emplace_back();
    described.kind = operand.kind;
    if (operand.kind == BatchedOperand::Kind::kStacked) {
      described.type = siblings_.sets[static_cast<size_t>(operand.set)].type;
    } else if (operand.kind == BatchedOperand::Kind::kShared) {
      described.shared = operand.shared;
      described.type = graph_.value(operand.shared).type;
    } else if (operand.kind == BatchedOperand::Kind::kConstants) {
      described.equal = operand.has_equal_constants(graph_);
      for (int position : positions) {
        ValueId id = operand.constants[static_cast<size_t>(position)];
        const Tensor* tensor = graph_.constant(id);
        if (auto quantized = tensor ? std::nullopt : quantized_constant(graph_, id)) {
          described.quantized.push_back(*quantized);
          described.constants.push_back(dequantized(*quantized));
          described.type = ValueType::tensor(quantized->scale.dtype(), quantized->values.shape());
          continue;
        }
        described.constants.push_back(tensor ? *tensor : Tensor());
        if (tensor) described.type = ValueType::tensor(tensor->dtype(), tensor->shape());
      }
    }
  }
  return request;
}

std::vector<BatchedForm> LayoutPlan::forms_of(const SiblingSet& set) const {
  if (set.is_slice) {
    return slices_of_members(siblings_.sets[static_cast<size_t>(set.operands[0].set)].type,
                             set.leaf);
  }
  std::vector<int> all(static_cast<size_t>(set.count()));
  std::iota(all.begin(), all.end(), 0);
  BatchingRequest request = request_of(set, all);
  if (!has_uniform_constants(request)) return {};
  return registry_.find(request.node)->batching.forms(request);
}

const LayoutChoice* LayoutPlan::choice(int set, StackLayout layout) const {
  for (const LayoutChoice& way : choices(set)) {
    if (way.layout == layout) return &way;
  }
  return nullptr;
}

const LayoutChoice* LayoutPlan::choice_beside(int set, const LayoutChoice& way) const {
  for (const LayoutChoice& own : choices(set)) {
    if (own.form.operands == way.form.operands) return &own;
  }
  return nullptr;
}

std::optional<double> LayoutPlan::conversion(int number, StackLayout from,
                                             const std::vector<int>& positions,
                                             StackLayout to) const {
  const SiblingSet& set = siblings_.sets[static_cast<size_t>(number)];
  auto count = static_cast<int>(positions.size());
  LayoutChange change = layout_change(set.type, from, to);
  double cost = cost_.change(set.type, count, change);
  if (set.is_leaf()) {
    if (set.leaf.length > kMostIndices / count) return std::nullopt;
    int64_t expected = 0;
    bool whole = true;
    for (int position : positions) {
      auto at = static_cast<size_t>(position);
      whole = whole && set.starts[at] == expected &&
              set.sources[at] == set.sources[static_cast<size_t>(positions[0])];
      expected += set.leaf.length;
    }
    return whole ? cost : cost + cost_.pass(set.type, count);
  }
  if (is_straight(positions, set.count())) return cost;
  if (!can_take_members(set.type, from, positions.size())) return std::nullopt;
  return cost + cost_.pass(set.type, count);
}

const LayoutChoice* LayoutPlan::best(int set, const std::vector<int>& positions,
                                     StackLayout layout) const {
  const LayoutChoice* found = nullptr;
  double lowest = std::numeric_limits<double>::infinity();
  for (const LayoutChoice& choice : choices(set)) {
    auto step = conversion(set, choice.layout, positions, layout);
    if (!step || choice.cost + *step >= lowest) continue;
    lowest = choice.cost + *step;
    found = &choice;
  }
  return found;
}

void LayoutPlan::plan(int number) {
  const SiblingSet& set = siblings_.sets[static_cast<size_t>(number)];
  if (set.count() < 2 || !may_be_stacked(set)) return;
  if (set.is_leaf()) return plan_leaf(number);
  int& level = levels_[static_cast<size_t>(number)];
  for (const SetOperand& operand : set.operands) {
    if (operand.kind != BatchedOperand::Kind::kStacked) continue;
    if (choices(operand.set).empty()) return;
    level = std::max(level, levels_[static_cast<size_t>(operand.set)] + 1);
  }
  if (level > kMostLevels) return;
  std::vector<LayoutChoice>& ways = choices_[static_cast<size_t>(number)];
  for (BatchedForm& form : forms_of(set)) {
    auto way = way_by(set, std::move(form));
    if (!way) continue;
    auto same = std::find_if(ways.begin(), ways.end(), [&](const LayoutChoice& other) {
      return other.layout == way->layout;
    });
    if (same == ways.end()) {
      ways.push_back(std::move(*way));
    } else if (way->cost < same->cost) {
      *same = std::move(*way);
    }
  }
}

std::optional<LayoutChoice> LayoutPlan::way_by(const SiblingSet& set, BatchedForm form) const {
  if (!has_axis(set.type, form.output)) return std::nullopt;
  LayoutChoice way;
  way.layout = form.output;
  way.cost = form.extra_passes * cost_.pass(set.type, set.count());
  way.sources.resize(set.operands.size());
  for (size_t i = 0; i < set.operands.size(); ++i) {
    const SetOperand& operand = set.operands[i];
    if (operand.kind != BatchedOperand::Kind::kStacked) continue;
    const SiblingSet& read = siblings_.sets[static_cast<size_t>(operand.set)];
    if (!has_axis(read.type, form.operands[i])) return std::nullopt;
    const LayoutChoice* source = best(operand.set, operand.positions, form.operands[i]);
    if (source == nullptr) return std::nullopt;
    way.sources[i] = source->layout;
    auto step = conversion(operand.set, source->layout, operand.positions, form.operands[i]);
    way.cost += source->cost + *step;
  }
  way.form = std::move(form);
  return way;
}

// --- sums ---

std::vector<int> positions_of_operand(const SetOperand& operand,
                                      const std::vector<int>& positions) {
  std::vector<int> composed;
  for (int position : positions) {
    composed.push_back(operand.positions[static_cast<size_t>(position)]);
  }
  return composed;
}

std::optional<double> LayoutPlan::sum_form_cost(const SiblingSet& set,
                                                const std::vector<int>& positions,
                                                const BatchedForm& form) const {
  double cost = cost_.node;
  for (size_t i = 0; i < set.operands.size(); ++i) {
    const SetOperand& operand = set.operands[i];
    if (operand.kind != BatchedOperand::Kind::kStacked) continue;
    std::vector<int> members = positions_of_operand(operand, positions);
    if (form.sums_operands) {
      auto way = best_sum(operand.set, members);
      if (!way) return std::nullopt;
      cost += way->cost;
      continue;
    }
    const SiblingSet& read = siblings_.sets[static_cast<size_t>(operand.set)];
    if (!has_axis(read.type, form.operands[i])) return std::nullopt;
    const LayoutChoice* source = best(operand.set, members, form.operands[i]);
    if (source == nullptr) return std::nullopt;
    cost += source->cost + *conversion(operand.set, source->layout, members, form.operands[i]);
  }
  return cost;
}

// As the slices lie that a set or its first stacked operand is made of.
std::vector<int> LayoutPlan::in_order_of_sources(const SiblingSet& set,
                                                 std::vector<int> positions) const {
  auto stacked = std::find_if(set.operands.begin(), set.operands.end(), [](const auto& operand) {
    return operand.kind == BatchedOperand::Kind::kStacked;
  });
  const SiblingSet* leaf = set.is_leaf() ? &set : nullptr;
  if (stacked != set.operands.end()) leaf = &siblings_.sets[static_cast<size_t>(stacked->set)];
  if (leaf == nullptr || !leaf->is_leaf()) return positions;
  auto slice_of = [&](int position) {
    auto at = static_cast<size_t>(position);
    if (leaf != &set) at = static_cast<size_t>(stacked->positions[at]);
    return std::pair(leaf->sources[at], leaf->starts[at]);
  };
  std::stable_sort(positions.begin(), positions.end(),
                   [&](int a, int b) { return slice_of(a) < slice_of(b); });
  return positions;
}

std::optional<SumWay> LayoutPlan::best_sum(int number, const std::vector<int>& members) const {
  const SiblingSet& set = siblings_.sets[static_cast<size_t>(number)];
  std::vector<int> positions = members;
  std::sort(positions.begin(), positions.end());
  if (set.is_leaf()) positions = in_order_of_sources(set, positions);
  std::optional<SumWay> found;
  auto consider = [&](std::optional<double> cost, StackLayout layout,
                      std::optional<BatchedForm> form) {
    if (cost && (!found || *cost < found->cost)) {
      found = {*cost, layout, std::move(form), positions};
    }
  };
  // Writing all members and reading them again.
  double passes = cost_.pass(set.type, static_cast<int>(positions.size()));
  for (int axis = 0; axis <= set.type.rank(); ++axis) {
    StackLayout layout = StackLayout::on_axis(axis);
    const LayoutChoice* source = best(number, positions, layout);
    if (source == nullptr) continue;
    double own = set.is_leaf() ? 0 : passes + cost_.node;
    consider(source->cost + *conversion(number, source->layout, positions, layout) + passes + own,
             layout, std::nullopt);
  }
  if (set.is_leaf() || set.is_slice || set.count() < 2) return found;
  const OpDef* definition = registry_.find(graph_.node(set.nodes[0]));
  if (definition == nullptr || !definition->batching.sums) return found;
  positions = in_order_of_sources(set, positions);
  BatchingRequest request = request_of(set, positions);
  if (!has_uniform_constants(request)) return found;
  for (BatchedForm& form : definition->batching.sums(request)) {
    consider(sum_form_cost(set, positions, form), {}, form);
  }
  return found;
}

}  // namespace convoy
