// Which tensors are sliced as if they were one: those whose branches meet.
#pragma once

#include "ops/rewrites/branch_merge/siblings.h"

namespace convoy {

// Sources of the same leaf form, of equal types but for the size of the sliced axis, whose branches
// (found without groups) come together in one Concat or sum.
//
// A source is grouped with sources of its own stage only, where a value's stage counts the slices
// on the longest way to it. So merging cannot make a cycle: if computing a set at once needs a
// source Y, and Y needs a member of another set, then that set's leaves are of lower stages than
// Y's slices; and what a set's members share is needed by each of them.
SourceGroups sources_that_meet(const Graph& graph, const Siblings& siblings);

}  // namespace convoy
