// What merging saves and costs, estimated in microseconds.
#pragma once

#include "runtime/rewrite/branch_merge/layouts.h"
#include "runtime/rewrite/optimize.h"

namespace convoy {

struct MergeCost {
  double node;              // to start one node
  double view;              // to start a Reshape
  double bytes;             // to read or write one byte in a pass of its own
  double transposed_bytes;  // the same in a Transpose

  // Convoy reads stacked operands in place; others run what the file says.
  static MergeCost of(RewriteTarget target);

  double pass(const ValueType& member, int count) const;
  double change(const ValueType& member, int count, const LayoutChange& change) const;
};

// Bytes of one value; dimensions that are not known count as 1.
double estimated_bytes(const ValueType& type);

}  // namespace convoy
