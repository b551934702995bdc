// ai.onnx.preview.training's Gradient, written out as the operators that compute it.
#pragma once

#include "runtime/graph/graph.h"

namespace convoy {

bool is_gradient(const Node& node);

// Replaces a Gradient node by nodes of ONNX's own operators, and of the private SumLike, that
// compute the derivative of y with respect to every tensor of xs; of a y of several elements, that
// of their sum. Where the node is fed other values than the tensors that it names, what lies
// between these and y is computed from them once more. Types of the graph are to be known. Throws
// kInvalidModel for names that are none, kUnsupported naming operators without a known derivative.
void expand_gradient(Graph& graph, NodeId gradient);

}  // namespace convoy
