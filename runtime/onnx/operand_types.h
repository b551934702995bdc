// The element types that ONNX's schemas allow together.
#pragma once

#include <vector>

#include "runtime/device/tensor_view.h"
#include "runtime/graph/graph.h"

namespace convoy {

// Kernels read operands as the type that their first one has, or as what the operator takes there.
// Throws kInvalidModel for an operand that is missing, and for one of another type: one that shares
// a type variable with an earlier operand must have its type, one with a variable of its own a type
// out of its list. Values that are no tensors may be anything, as may those of operators without a
// schema. Before the opset that brought an operator, its newest schema holds.
void check_operand_types(const Node& node, const std::vector<TensorDesc>& inputs);

// May operand `i` be a sequence, an optional or a map? True for operators without a schema.
bool takes_more_than_tensors(const Node& node, size_t i);

}  // namespace convoy
