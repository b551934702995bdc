#include "ops/rewrites/branch_merge/stack_builder.h"

#include <algorithm>
#include <numeric>

namespace convoy {
namespace {

// The distance between neighbours, if it is the same for all and positive.
std::optional<int64_t> common_step(const std::vector<int64_t>& indices) {
  if (indices.size() < 2) return 1;
  int64_t step = indices[1] - indices[0];
  for (size_t i = 1; i < indices.size(); ++i) {
    if (indices[i] - indices[i - 1] != step) return std::nullopt;
  }
  return step > 0 ? std::optional(step) : std::nullopt;
}

}  // namespace

// Members of several sources: what one source gives after the other, or, where that changes more
// often than there are sources, elements of all sources one after the other.
ValueId StackBuilder::leaf_value(const SiblingSet& leaf, const std::vector<int>& positions) {
  int axis = leaf.leaf.axis;
  std::vector<std::pair<ValueId, std::vector<int64_t>>> runs;  // by source: indices
  std::map<ValueId, int64_t> offsets;
  for (int position : positions) {
    auto at = static_cast<size_t>(position);
    ValueId source = current(leaf.sources[at]);
    if (runs.empty() || runs.back().first != source) runs.push_back({source, {}});
    for (int64_t i = 0; i < leaf.leaf.length; ++i) {
      runs.back().second.push_back(leaf.starts[at] + i);
    }
    offsets[source] = 0;
  }
  if (runs.size() == 1) return taken_from(runs[0].first, axis, runs[0].second);
  ValueType type = graph_.value(runs[0].first).type;
  Dimension& size = (*type.shape)[static_cast<size_t>(axis)];
  std::vector<ValueId> parts;
  size.size = 0;
  if (runs.size() == offsets.size()) {
    for (const auto& [source, indices] : runs) {
      parts.push_back(taken_from(source, axis, indices));
      size.size += static_cast<int64_t>(indices.size());
    }
    return builder_.concat(parts, axis, type);
  }
  for (auto& [source, offset] : offsets) {
    offset = size.size;
    size.size += (*graph_.value(source).type.shape)[static_cast<size_t>(axis)].size;
    parts.push_back(source);
  }
  std::vector<int64_t> all;
  for (const auto& [source, indices] : runs) {
    for (int64_t index : indices) all.push_back(offsets[source] + index);
  }
  return taken_from(builder_.concat(parts, axis, type), axis, all);
}

ValueId StackBuilder::taken_from(ValueId source, int axis, const std::vector<int64_t>& indices) {
  const ValueType& type = graph_.value(source).type;
  auto step = common_step(indices);
  if (!step || (*step > 1 && builder_.opset() < 10)) {
    return builder_.gather(source, axis, indices);
  }
  auto count = static_cast<int64_t>(indices.size());
  if (*step == 1 && indices[0] == 0 && (*type.shape)[static_cast<size_t>(axis)].size == count) {
    return source;
  }
  return builder_.slice(source, axis, indices[0], indices.back() + 1, *step);
}

ValueId StackBuilder::in_layout(int number, const std::vector<int>& positions, StackLayout wanted) {
  const SiblingSet& source = set(number);
  StackLayout layout = component_.layouts.at(number);
  auto count = static_cast<int>(positions.size());
  ValueId value = source.is_leaf() ? leaf_value(source, positions)
                                   : take_members(builder_, stacked(number), source.type,
                                                  source.count(), layout, positions);
  return change_layout(builder_, value, source.type, count, layout, wanted);
}

ValueId StackBuilder::stacked(int number) {
  if (auto known = built_.find(number); known != built_.end()) return known->second;
  StackLayout layout = component_.layouts.at(number);
  const LayoutChoice* way = plan_.choice(number, layout);
  check_internal(way != nullptr, "a sibling set has no layout {}", to_string(layout));
  std::vector<ValueId> operands;
  for (size_t i = 0; i < set(number).operands.size(); ++i) {
    const SetOperand& operand = set(number).operands[i];
    bool is_stacked = operand.kind == BatchedOperand::Kind::kStacked;
    operands.push_back(is_stacked ? in_layout(operand.set, operand.positions, way->form.operands[i])
                                  : ValueId::kNone);
  }
  ValueType type = stacked_type(set(number).type, set(number).count(), layout);
  ValueId value = way->form.build(builder_, operands, type);
  built_[number] = value;
  if (!set(number).twins.empty()) add_twins(number);
  return built_.at(number);
}

// The node that computes the set gives its twins too.
void StackBuilder::add_twins(int number) {
  ValueId value = built_.at(number);
  NodeId producer = graph_.value(value).producer;
  Node node = graph_.node(producer);
  auto slot = static_cast<size_t>(set(number).slot);
  if (slot >= node.outputs.size() || node.outputs[slot] != value) return;
  std::vector<int> outputs = set(number).twins;
  outputs.push_back(number);
  std::vector<ValueType> types;
  for (int output : outputs) {
    auto at = static_cast<size_t>(set(output).slot);
    types.resize(std::max(types.size(), at + 1));
    types[at] = stacked_type(set(output).type, set(output).count(), component_.layouts.at(output));
  }
  builder_.graph().remove_node(producer);
  auto values = builder_.nodes(node.op_type, node.inputs, node.attributes, types);
  Node& whole = builder_.graph().mutable_node(graph_.value(values[0]).producer);
  whole.domain = node.domain;
  whole.version = node.version;
  for (int output : outputs) built_[output] = values[static_cast<size_t>(set(output).slot)];
}

// --- Concat ---

ValueId StackBuilder::joined(const Join& join) {
  return join.kind == Join::Kind::kSum ? added_up(join) : concatenated(join);
}

ValueId StackBuilder::concatenated(const Join& join) {
  ValueType type = graph_.value(graph_.node(join.node).outputs[0]).type;
  if (auto permuted = concatenated_by_gather(join)) return *permuted;
  StackLayout fold = StackLayout::fold(join.axis);
  std::map<int, int> runs;
  for (const JoinPart& part : join.parts) ++runs[part.set];
  std::map<int, ValueId> whole;
  std::vector<ValueId> parts;
  for (const JoinPart& part : join.parts) {
    if (part.set < 0) {
      parts.push_back(current(part.value));
    } else if (runs[part.set] == 1 ||
               !can_take_members(set(part.set).type, fold, part.positions.size())) {
      parts.push_back(in_layout(part.set, part.positions, fold));
    } else {
      auto [known, added] = whole.try_emplace(part.set, ValueId::kNone);
      if (added) known->second = in_layout(part.set, all_members(part.set), fold);
      parts.push_back(take_members(builder_, known->second, set(part.set).type,
                                   set(part.set).count(), fold, part.positions));
    }
  }
  return parts.size() == 1 ? parts[0] : builder_.concat(parts, join.axis, type);
}

std::vector<int> StackBuilder::all_members(int number) const {
  std::vector<int> all(static_cast<size_t>(set(number).count()));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// Many short runs of few sets: all of the sets and other values one after the other, then one
// Gather. Where a slice is no copy, slices cost less.
std::optional<ValueId> StackBuilder::concatenated_by_gather(const Join& join) {
  if (plan_.cost().slice >= 0) return std::nullopt;
  auto axis = static_cast<size_t>(join.axis);
  std::map<int, int64_t> offsets;
  size_t others = 0;
  size_t taken = 0;
  int64_t length = -1;
  for (const JoinPart& part : join.parts) {
    const ValueType& type =
        part.set < 0 ? graph_.value(current(part.value)).type : set(part.set).type;
    if (type.rank() <= join.axis || !(*type.shape)[axis].known()) return std::nullopt;
    int64_t size = (*type.shape)[axis].size;
    if (length >= 0 && size != length) return std::nullopt;
    length = size;
    taken += part.set < 0 ? 1 : part.positions.size();
    if (part.set < 0) {
      ++others;
    } else {
      offsets[part.set] = 0;
    }
  }
  if (join.parts.size() - others <= 2 * offsets.size()) return std::nullopt;
  if (length > kMostIndices / static_cast<int64_t>(taken)) return std::nullopt;
  std::vector<ValueId> parts;
  int64_t offset = 0;
  for (auto& [number, start] : offsets) {
    start = offset;
    offset += set(number).count();
    parts.push_back(in_layout(number, all_members(number), StackLayout::fold(join.axis)));
  }
  std::vector<int64_t> indices;
  auto take = [&](int64_t position) {
    for (int64_t i = 0; i < length; ++i) indices.push_back(position * length + i);
  };
  for (const JoinPart& part : join.parts) {
    if (part.set < 0) {
      parts.push_back(current(part.value));
      take(offset++);
    }
    for (int position : part.positions) take(offsets[part.set] + position);
  }
  ValueType type = graph_.value(graph_.node(join.node).outputs[0]).type;
  (*type.shape)[axis] = {offset * length, ""};
  ValueId whole = parts.size() == 1 ? parts[0] : builder_.concat(parts, join.axis, type);
  return builder_.gather(whole, join.axis, indices);
}

// --- Add, Sum ---

ValueId StackBuilder::added_up(const Join& join) {
  ValueType type = graph_.value(graph_.node(join.node).outputs[0]).type;
  std::vector<ValueId> parts;
  for (const JoinPart& part : join.parts) {
    parts.push_back(part.set < 0 ? current(part.value) : sum_of(part.set, part.positions));
  }
  ValueId sum = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) {
    bool last = i + 1 == parts.size();
    sum = builder_.node("Add", {sum, parts[i]}, {}, last ? type : ValueType());
  }
  return sum;
}

ValueId StackBuilder::sum_of(int number, const std::vector<int>& positions) {
  auto way = plan_.best_sum(number, positions);
  check_internal(way.has_value(), "the members of a set cannot be added up");
  if (!way->form && set(number).is_leaf()) return sum_of_slices(number, *way);
  if (!way->form) {
    ValueId all = in_layout(number, way->positions, way->layout);
    return builder_.reduce_sum(all, way->layout.axis, false);
  }
  std::vector<ValueId> operands;
  for (size_t i = 0; i < set(number).operands.size(); ++i) {
    const SetOperand& operand = set(number).operands[i];
    if (operand.kind != BatchedOperand::Kind::kStacked) {
      operands.push_back(ValueId::kNone);
      continue;
    }
    std::vector<int> members = positions_of_operand(operand, way->positions);
    operands.push_back(way->form->sums_operands
                           ? sum_of(operand.set, members)
                           : in_layout(operand.set, members, way->form->operands[i]));
  }
  return way->form->build(builder_, operands, set(number).type);
}

// What each source adds up to, added up.
ValueId StackBuilder::sum_of_slices(int number, const SumWay& way) {
  const SiblingSet& leaf = set(number);
  std::vector<std::vector<int>> runs;
  for (int position : way.positions) {
    auto source_of = [&](int at) { return leaf.sources[static_cast<size_t>(at)]; };
    if (runs.empty() || source_of(runs.back()[0]) != source_of(position)) runs.emplace_back();
    runs.back().push_back(position);
  }
  ValueId sum = ValueId::kNone;
  for (const std::vector<int>& run : runs) {
    ValueId rows = in_layout(number, run, way.layout);
    ValueId part = run.size() > 1 ? builder_.reduce_sum(rows, way.layout.axis, false)
                                  : builder_.squeeze(rows, {way.layout.axis});
    sum = sum == ValueId::kNone ? part : builder_.node("Add", {sum, part}, {}, leaf.type);
  }
  return sum;
}

// --- members one by one ---

StackLayout StackBuilder::separable(int number) const {
  StackLayout layout = component_.layouts.at(number);
  const ValueType& type = set(number).type;
  bool sized = layout.kind == StackLayout::Kind::kFold &&
               (*type.shape)[static_cast<size_t>(layout.axis)].known();
  if (sized || layout.kind == StackLayout::Kind::kAxis) return layout;
  return StackLayout::on_axis(layout.position());
}

std::vector<ValueId> StackBuilder::extracted(int number, const std::vector<int>& positions) {
  std::vector<ValueId> values;
  if (positions.empty()) return values;
  StackLayout layout = component_.layouts.at(number);
  const ValueType& type = set(number).type;
  ValueId value = change_layout(builder_, stacked(number), type, set(number).count(), layout,
                                separable(number));
  layout = separable(number);
  bool all = positions.size() == set(number).members.size();
  if (all && layout.kind == StackLayout::Kind::kFold) {
    int64_t each = (*type.shape)[static_cast<size_t>(layout.axis)].size;
    return builder_.split(value, layout.axis, std::vector<int64_t>(positions.size(), each));
  }
  for (int position : positions) {
    values.push_back(take_member(builder_, value, type, layout, position));
  }
  return values;
}

}  // namespace convoy
