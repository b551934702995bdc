// The element types that ONNX's schemas allow together.
#pragma once

#include <vector>

#include "runtime/graph/graph.h"
#include "runtime/tensor/tensor_view.h"

namespace convoy {

// Kernels read operands as the type that their first one has, or as what the operator takes there.
// Throws kInvalidModel for an operand of another type: one that shares a type variable with an
// earlier operand must have its type, one with a variable of its own a type out of its list.
// Entries of kUndefined (left out, no tensors) and operators without a schema are passed over.
void check_operand_types(const Node& node, const std::vector<TensorDesc>& inputs);

}  // namespace convoy
