#include "ops/rewrites/branch_merge/layouts.h"

#include <algorithm>
#include <numeric>

namespace convoy {

std::string to_string(const StackLayout& layout) {
  switch (layout.kind) {
    case StackLayout::Kind::kAxis: return fmt::format("axis {}", layout.axis);
    case StackLayout::Kind::kFold: return fmt::format("fold {}", layout.axis);
    case StackLayout::Kind::kFoldMinor: return fmt::format("minor fold {}", layout.axis);
  }
  return "";
}

namespace {

using Sizes = std::vector<Dimension>;

Sizes stacked_dims(const ValueType& member, int count, StackLayout layout) {
  Sizes dims = *member.shape;
  if (layout.kind == StackLayout::Kind::kAxis) {
    dims.insert(dims.begin() + layout.axis, Dimension{count, ""});
    return dims;
  }
  Dimension& folded = dims[static_cast<size_t>(layout.axis)];
  folded = folded.known() ? Dimension{folded.size * count, ""} : Dimension{};
  return dims;
}

StackLayout unfolded(StackLayout layout) { return StackLayout::on_axis(layout.position()); }

// What Reshape is told to get from one list of sizes to another that merges or splits one
// dimension: 0 for unknown sizes ahead of that place, -1 for one behind; nullopt for more.
// The first `same` sizes stay as they are.
std::optional<std::vector<int64_t>> reshape_to(const Sizes& to, size_t same) {
  std::vector<int64_t> shape;
  int inferred = 0;
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i].known()) {
      shape.push_back(to[i].size);
      if (to[i].size == 0) return std::nullopt;
    } else if (i < same) {
      shape.push_back(0);
    } else {
      shape.push_back(-1);
      ++inferred;
    }
  }
  if (inferred > 1) return std::nullopt;
  return shape;
}

std::optional<std::vector<int64_t>> reshape_between(const ValueType& member, int count,
                                                    StackLayout from, StackLayout to) {
  return reshape_to(stacked_dims(member, count, to),
                    static_cast<size_t>(std::min(from.axis, to.axis)));
}

}  // namespace

ValueType stacked_type(const ValueType& member, int count, StackLayout layout) {
  return ValueType::tensor(member.dtype, stacked_dims(member, count, layout));
}

LayoutChange layout_change(const ValueType& member, int count, StackLayout from, StackLayout to) {
  LayoutChange change;
  change.possible = true;
  if (from == to) return change;
  StackLayout start = unfolded(from);
  StackLayout end = unfolded(to);
  bool both_folds = from.kind != StackLayout::Kind::kAxis && to.kind != StackLayout::Kind::kAxis;
  if (both_folds && from.axis == to.axis &&
      (*member.shape)[static_cast<size_t>(from.axis)].size == 1) {
    return change;
  }
  if (start == end) {
    change.reshapes = 1;
    change.possible = reshape_between(member, count, from, to).has_value();
    return change;
  }
  change.transposes = 1;
  for (auto [a, b] : {std::pair(from, start), std::pair(end, to)}) {
    if (a == b) continue;
    ++change.reshapes;
    change.possible = change.possible && reshape_between(member, count, a, b).has_value();
  }
  return change;
}

ValueId change_layout(GraphBuilder& builder, ValueId value, const ValueType& member, int count,
                      StackLayout from, StackLayout to) {
  LayoutChange change = layout_change(member, count, from, to);
  check_internal(change.possible, "layout {} cannot become {}", to_string(from), to_string(to));
  auto reshaped = [&](StackLayout a, StackLayout b) {
    if (a == b) return;
    value = builder.reshape(value, *reshape_between(member, count, a, b),
                            stacked_type(member, count, b));
  };
  if (change.transposes == 0) {
    if (change.reshapes > 0) reshaped(from, to);
    return value;
  }
  StackLayout start = unfolded(from);
  StackLayout end = unfolded(to);
  reshaped(from, start);
  std::vector<int64_t> perm(static_cast<size_t>(member.rank()) + 1);
  std::iota(perm.begin(), perm.end(), 0);
  perm.erase(perm.begin() + start.axis);
  perm.insert(perm.begin() + end.axis, start.axis);
  value = builder.transpose(value, perm);
  builder.graph().set_type(value, stacked_type(member, count, end));
  reshaped(end, to);
  return value;
}

ValueId take_members(GraphBuilder& builder, ValueId value, const ValueType& member, int count,
                     StackLayout layout, const std::vector<int>& positions) {
  std::vector<int> straight(static_cast<size_t>(count));
  std::iota(straight.begin(), straight.end(), 0);
  if (positions == straight) return value;
  int64_t length = 1;
  if (layout.kind == StackLayout::Kind::kFold) {
    length = (*member.shape)[static_cast<size_t>(layout.axis)].size;
  }
  check_internal(length >= 0 && layout.kind != StackLayout::Kind::kFoldMinor,
                 "members cannot be taken from layout {}", to_string(layout));
  bool consecutive = true;
  for (size_t i = 1; i < positions.size(); ++i) {
    consecutive = consecutive && positions[i] == positions[0] + static_cast<int>(i);
  }
  if (consecutive) {
    int64_t first = positions[0] * length;
    return builder.slice(value, layout.axis, first,
                         first + static_cast<int64_t>(positions.size()) * length);
  }
  std::vector<int64_t> indices;
  for (int position : positions) {
    for (int64_t i = 0; i < length; ++i) indices.push_back(position * length + i);
  }
  return builder.gather(value, layout.axis, indices);
}

ValueId take_member(GraphBuilder& builder, ValueId value, const ValueType& member,
                    StackLayout layout, int position) {
  if (layout.kind == StackLayout::Kind::kAxis) return builder.pick(value, layout.axis, position);
  int64_t length = (*member.shape)[static_cast<size_t>(layout.axis)].size;
  check_internal(length >= 0 && layout.kind == StackLayout::Kind::kFold,
                 "a member cannot be taken from layout {}", to_string(layout));
  return builder.slice(value, layout.axis, position * length, (position + 1) * length);
}

}  // namespace convoy
