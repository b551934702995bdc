// Names for sizes that a window leaves of sizes that are symbols: ONNX's own inference leaves them
// unknown, and then nobody sees that two convolutions of one tensor give equal sizes.
#pragma once

#include "runtime/graph/graph.h"

namespace convoy {

// The type of output 0 of a convolution or pooling with symbols for the spatial sizes that are
// unknown: "height" under padding that keeps the size, "window(height-1,2)" for (height - 1) / 2 + 1
// rounded down.
// Other nodes, and sizes about which nothing can be said, are left as they are.
ValueType with_window_sizes(const Graph& graph, const Node& node, ValueType output);

}  // namespace convoy
