// Stacked values: their types, and how one layout becomes another.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/op/batching.h"

namespace convoy {

std::string to_string(const StackLayout& layout);

// The type of n stacked members; the members' rank must be known.
ValueType stacked_type(const ValueType& member, int count, StackLayout layout);

struct LayoutChange {
  int transposes = 0;
  int reshapes = 0;
};

// A fold and its split are a Reshape apart; moving the stacked axis is one Transpose.
LayoutChange layout_change(const ValueType& member, StackLayout from, StackLayout to);

// Adds the nodes of a change.
ValueId change_layout(GraphBuilder& builder, ValueId value, const ValueType& member, int count,
                      StackLayout from, StackLayout to);

// Is the layout's axis one that a stacked value of such members has?
bool has_axis(const ValueType& member, StackLayout layout);

// Can some members be taken out: by no more than kMostIndices indices, of no kFoldMinor?
bool can_take_members(const ValueType& member, StackLayout layout, size_t taken);

// Members `positions` of a stacked value, as a stacked value: one Gather along the stacked axis (or
// one Slice, or nothing when they are all in order, whatever the layout).
ValueId take_members(GraphBuilder& builder, ValueId value, const ValueType& member, int count,
                     StackLayout layout, const std::vector<int>& positions);

// One member of a stacked value that is no kFoldMinor.
ValueId take_member(GraphBuilder& builder, ValueId value, const ValueType& member,
                    StackLayout layout, int position);

}  // namespace convoy
