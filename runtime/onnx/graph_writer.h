// Graphs, functions and models, to protobuf.
#pragma once

#include <functional>

#include "runtime/graph/graph.h"
#include "runtime/onnx/protobuf.h"

namespace convoy {

struct GraphWriteOptions {
  // May deal with a tensor's data itself, after type and dims were set; returns false to have it
  // written into the proto.
  std::function<bool(const Tensor&, onnx::TensorProto&)> place;
  // Before IR 4 every initializer must be listed as an input.
  bool initializers_are_inputs = false;
};

// Nodes come in topological order; captured values appear under the name they have outside, and
// values of a body that would hide such a name are renamed. Where `graph` is itself a body, what it
// captures keeps the name that it has inside.
void graph_to_proto(const Graph& graph, onnx::GraphProto& proto, const GraphWriteOptions& options);

void function_to_proto(const Function& function, onnx::FunctionProto& proto,
                       const GraphWriteOptions& options);

void model_to_proto(const Model& model, onnx::ModelProto& proto, GraphWriteOptions options);

}  // namespace convoy
