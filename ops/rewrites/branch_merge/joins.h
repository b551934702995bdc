// Where branches end: values that are put together from several members of sibling sets.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "ops/rewrites/branch_merge/siblings.h"

namespace convoy {

// Members of one set, in this order, or (set -1) one value that is none.
struct JoinPart {
  int set = -1;
  std::vector<int> positions;
  ValueId value = ValueId::kNone;
};

// A Concat, or a tree of Add and Sum whose inner nodes nobody else reads.
struct Join {
  enum class Kind { kConcat, kSum };
  Kind kind = Kind::kConcat;
  NodeId node = NodeId::kNone;  // the last one
  int axis = 0;                 // of a Concat
  std::vector<NodeId> inner;    // of a tree: the other nodes
  // Concat: in its order, consecutive members of one set together. Sum: one part a set.
  std::vector<JoinPart> parts;
};

// Can the set be computed stacked?
using IsMergeable = std::function<bool(int set)>;

// The join that ends at `node`; nullopt where none does, or where no part has two members.
std::optional<Join> concat_at(const Graph& graph, const Siblings& siblings, const Node& node,
                              const IsMergeable& mergeable);
std::optional<Join> sum_at(const Graph& graph, const Siblings& siblings, const Node& node,
                           const IsMergeable& mergeable);

// The terms of the tree of additions that ends at `node`, from left to right, and the other nodes
// of the tree; no terms where none ends there. What branches add up themselves are terms, unless
// nothing but the tree reads it.
std::vector<ValueId> terms_at(const Graph& graph, const Siblings& siblings, const Node& node,
                              const IsMergeable& mergeable, std::vector<NodeId>& inner);

}  // namespace convoy
