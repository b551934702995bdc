// Output types of operators that ONNX's library infers otherwise than runtimes compute them.
#pragma once

#include <vector>

#include "runtime/onnx/symbolic_context.h"

namespace convoy {

// Of Einsum, GatherND whose result is a scalar, and Squeeze where its axes are an empty list, which
// stands for every axis of size 1. Empty: ask ONNX. Attributes of the node that refer to those of a
// call were replaced. Throws kInvalidModel where the operands do not fit.
std::vector<ValueType> own_types(const InferenceScope& scope, const Node& node);

}  // namespace convoy
