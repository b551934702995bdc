// Graphs and functions, from protobuf.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "runtime/graph/graph.h"
#include "runtime/onnx/protobuf.h"
#include "runtime/onnx/tensors.h"

namespace convoy {

struct GraphReadOptions {
  std::map<std::string, int> opsets;  // by canonical domain
  TensorStore* store = nullptr;
  // Before IR 4 initializers are constants even where they are listed as inputs.
  bool overridable_initializers = true;
  // In a function body: what references to attributes stand for; a reference to an attribute that
  // is not there is dropped. nullptr keeps references.
  const Attributes* attributes = nullptr;
  // In a function body: formal parameters that the calling node leaves out.
  std::set<std::string> left_out;
};

// Nodes keep the order of the proto; Constant nodes become constants. A name of an outer scope that
// a body reads becomes a capture of every graph in between. Throws kInvalidModel, with the node
// where there is one, for names that are unknown or defined twice, and for cycles.
Graph graph_from_proto(const onnx::GraphProto& proto, const GraphReadOptions& options);

// The body of a function. Its inputs have the types given, unknown where there are fewer.
Graph graph_from_proto(const onnx::FunctionProto& proto, const GraphReadOptions& options,
                       const std::vector<ValueType>& input_types = {});

// Opset imports by canonical domain.
std::map<std::string, int> read_opsets(
    const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto>& imports);

}  // namespace convoy
