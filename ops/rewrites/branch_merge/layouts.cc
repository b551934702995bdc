#include "ops/rewrites/branch_merge/layouts.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "ops/rewrites/branch_merge/leaves.h"
#include "runtime/graph/fold_axes.h"

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
  int64_t size = -1;
  bool sized = folded.known() && !__builtin_mul_overflow(folded.size, count, &size);
  folded = sized ? Dimension{size, ""} : Dimension{};
  return dims;
}

StackLayout unfolded(StackLayout layout) { return StackLayout::on_axis(layout.position()); }

// A fold from its axis, or an axis from its fold.
ValueId refolded(GraphBuilder& builder, ValueId value, const ValueType& member, int count,
                 StackLayout from, StackLayout to) {
  if (from == to) return value;
  if (from.kind == StackLayout::Kind::kAxis) {
    value = fold_axes(builder, value, to.axis);
  } else {
    Dimension outer{count, ""};
    Dimension inner = (*member.shape)[static_cast<size_t>(from.axis)];
    if (from.kind == StackLayout::Kind::kFoldMinor) std::swap(outer, inner);
    value = split_axis(builder, value, from.axis, outer, inner);
  }
  builder.graph().set_type(value, stacked_type(member, count, to));
  return value;
}

}  // namespace

ValueType stacked_type(const ValueType& member, int count, StackLayout layout) {
  return ValueType::tensor(member.dtype, stacked_dims(member, count, layout));
}

LayoutChange layout_change(const ValueType& member, StackLayout from, StackLayout to) {
  LayoutChange change;
  if (from == to) return change;
  StackLayout start = unfolded(from);
  StackLayout end = unfolded(to);
  bool both_folds = from != start && to != end;
  if (both_folds && from.axis == to.axis &&
      (*member.shape)[static_cast<size_t>(from.axis)].size == 1) {
    return change;
  }
  if (start == end) {
    change.reshapes = 1;  // of two, one is left where the sizes are known
    return change;
  }
  change.transposes = 1;
  change.reshapes = (from != start ? 1 : 0) + (to != end ? 1 : 0);
  return change;
}

ValueId change_layout(GraphBuilder& builder, ValueId value, const ValueType& member, int count,
                      StackLayout from, StackLayout to) {
  LayoutChange change = layout_change(member, from, to);
  if (change.transposes + change.reshapes == 0) return value;
  StackLayout start = unfolded(from);
  StackLayout end = unfolded(to);
  value = refolded(builder, value, member, count, from, start);
  if (start != end) {
    std::vector<int64_t> perm(static_cast<size_t>(member.rank()) + 1);
    std::iota(perm.begin(), perm.end(), 0);
    perm.erase(perm.begin() + start.axis);
    perm.insert(perm.begin() + end.axis, start.axis);
    value = builder.transpose(value, perm);
    builder.graph().set_type(value, stacked_type(member, count, end));
  }
  return refolded(builder, value, member, count, end, to);
}

bool has_axis(const ValueType& member, StackLayout layout) {
  int axes = member.rank() + (layout.kind == StackLayout::Kind::kAxis ? 1 : 0);
  return layout.axis >= 0 && layout.axis < axes;
}

bool can_take_members(const ValueType& member, StackLayout layout, size_t taken) {
  if (layout.kind != StackLayout::Kind::kFold) return layout.kind == StackLayout::Kind::kAxis;
  int64_t each = (*member.shape)[static_cast<size_t>(layout.axis)].size;
  return each >= 0 && each <= kMostIndices / static_cast<int64_t>(taken);
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
