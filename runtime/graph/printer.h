// Graphs for people to read.
#pragma once

#include <string>

#include "runtime/graph/graph.h"

namespace convoy {

// One line a node, in topological order:
//   y: float32[1,8] = Gemm-13(x, w, -) {alpha=1}  # name
// Inputs, constants and captures come first; bodies are indented under their node.
std::string to_text(const Graph& graph);

// The same for Graphviz's dot: operators are boxes, edges carry types, bodies are clusters.
std::string to_dot(const Graph& graph);

}  // namespace convoy
