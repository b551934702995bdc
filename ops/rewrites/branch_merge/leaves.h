// Where branches begin: values that are slices of one tensor, however they are written.
#pragma once

#include <optional>
#include <string>

#include "runtime/graph/graph.h"

namespace convoy {

// source[.., start : start + length, ..] on `axis`; without that axis if squeezed (length 1).
struct Leaf {
  ValueId source = ValueId::kNone;
  int axis = 0;
  int64_t start = 0;
  int64_t length = 1;
  bool squeezed = false;

  // Axis, length and squeezed as text: what leaves of one set have in common.
  std::string form() const;
};

// No dimension of more positions is looked at, which leaves room to count several together.
constexpr int64_t kMostPositions = int64_t{1} << 40;
// No more indices are listed, of all members that are taken at once.
constexpr int64_t kMostIndices = int64_t{1} << 24;

// What `value` is a slice of: Gather by a scalar or consecutive indices, Slice with step 1, Split,
// SplitToSequence + SequenceAt, each with or without a Squeeze of that axis. All bounds are
// constant, lie inside of the source and are at most kMostPositions; the length is at most
// kMostIndices. nullopt otherwise.
std::optional<Leaf> describe_leaf(const Graph& graph, ValueId value);

}  // namespace convoy
