// Axes of Squeeze and Unsqueeze nodes.
#pragma once

#include <algorithm>

#include "runtime/graph/node_attributes.h"

namespace convoy {

// Sorted, of the value of the higher rank; nullopt where they or the rank are not known, where an
// axis is named twice, and for a Squeeze with an empty list, which stands for every axis of size 1.
inline std::optional<std::vector<int64_t>> squeeze_axes(const Graph& graph, const Node& node) {
  ValueId higher = node.is("Squeeze") ? node.inputs[0] : node.outputs[0];
  auto axes = integers_of(graph, node, "axes", 1);
  int rank = graph.value(higher).type.rank();
  if (!axes || rank < 0 || (axes->empty() && node.is("Squeeze"))) return std::nullopt;
  axes = normalized(*axes, rank);
  if (!axes) return std::nullopt;
  std::sort(axes->begin(), axes->end());
  bool twice = std::adjacent_find(axes->begin(), axes->end()) != axes->end();
  return twice ? std::nullopt : axes;
}

}  // namespace convoy
