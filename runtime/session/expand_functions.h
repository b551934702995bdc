// Replaces operators that have no kernel by the bodies that define them.
#pragma once

#include "runtime/graph/graph.h"
#include "runtime/op/registry.h"

namespace convoy {

// Expands, bodies of control flow included, calls of the model's own functions and operators
// without a kernel for which ONNX has a function body. Throws kUnsupported naming every operator
// that is left without a kernel, with the labels of its nodes.
void expand_functions(Model& model, const Registry& registry);

// What would be missing: "Foo-17 (node_1, node_2)", one entry an operator; empty if all can run.
std::vector<std::string> unsupported_operators(const Model& model, const Registry& registry);

}  // namespace convoy
