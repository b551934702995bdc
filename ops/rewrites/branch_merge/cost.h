// What merging saves and costs, estimated in seconds.
#pragma once

#include "ops/rewrites/branch_merge/layouts.h"
#include "runtime/graph/graph.h"
#include "runtime/op/registry.h"
#include "runtime/rewrite/optimize.h"

namespace convoy {

struct MergeCost {
  // Rows of several tensors are merged with each other up to this size of all of them. Below, one
  // Concat costs what one convolution less saves; docs/decisions/0006-merged-forms.md has figures.
  static constexpr double kJoinedBytes = 256 << 10;

  // What a merge must save; less may be rounding.
  static constexpr double kLeast = 1e-9;

  double node;              // to start one node
  double view;              // to start a Reshape
  double slice;             // to start a slice that is no copy; negative: every slice is one
  double bytes;             // to read or write one byte in a pass of its own
  double transposed_bytes;  // the same in a Transpose
  double strided_bytes;     // the same in a Transpose that no convolution can take in place
  // For a product of small matrices within one MatMul: a second matrix that is computed or stacked
  // is not packed ahead.
  double product = 3e-6;
  double operation = 2e-11;  // a multiplication or addition; cautiously
  double scattered = 4;      // how much longer elements take one by one than in rows

  // Convoy reads stacked operands in place; others run what the file says.
  static MergeCost of(RewriteTarget target);

  double pass(const ValueType& member, int count) const;
  double change(const ValueType& member, int count, const LayoutChange& change) const;
  // What the node takes beyond the arithmetic that merging neither saves nor adds.
  double of_node(const Registry& registry, const Graph& graph, const Node& node) const;
  // The arithmetic of a convolution or product with a constant weight; 0 for other nodes.
  double of_arithmetic(const Registry& registry, const Graph& graph, const Node& node) const;

 private:
  double of_slice(const ValueType& result) const;
};

}  // namespace convoy
