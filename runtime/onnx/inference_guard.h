// What ONNX's inference and data propagation must not be asked, because they compute with the
// numbers of a model before they check them.
#pragma once

#include <onnx/defs/schema.h>

#include "runtime/graph/graph.h"
#include "runtime/onnx/protobuf.h"

namespace convoy {

// The most sizes that are carried from node to node as data, and the most bytes of a symbol.
inline constexpr int64_t kMostCarried = 64;
inline constexpr size_t kLongestSymbol = 512;

// Checks attributes, sizes and equations before `context` is given to an inference function. Throws
// kInvalidModel.
void guard_inference(const Node& node, onnx::InferenceContext& context);

// False where following the sizes that the node computes would take long, or step out of them.
bool may_propagate(const Node& node, onnx::DataPropagationContext& context);

// A type that costs little to carry from node to node: without a shape that no value can have
// (rank, product of its sizes), and without symbols longer than kLongestSymbol.
ValueType without_excess(ValueType type);

// For an input that a node has, but of which nothing is known: inference functions look into the
// types of inputs that must not be left out without asking whether there are any.
const onnx::TypeProto& unknown_type();

}  // namespace convoy
