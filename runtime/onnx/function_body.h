// Function bodies of ONNX's schemas.
#pragma once

#include <onnx/defs/schema.h>

#include "runtime/graph/graph.h"
#include "runtime/onnx/protobuf.h"

namespace convoy {

// The body stored with the schema that is closest to `version`: the newest that is not newer, or
// else the oldest; its own opset imports say what its nodes mean. nullptr if there is none.
const onnx::FunctionProto* stored_function(const onnx::OpSchema& schema, int version);

// Fills the types of values of a graph that is not part of a model, as infer_model_types does; what
// does not fit is passed over.
void infer_graph_types(Graph& graph);

// The body that the schema builds for this node, whose defaults must be filled in; nullopt if it
// builds none, or if a graph among the node's attributes captures values.
std::optional<onnx::FunctionProto> built_function(const onnx::OpSchema& schema, const Node& node,
                                                  const std::vector<ValueType>& input_types);

}  // namespace convoy
