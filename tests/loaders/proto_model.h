// Builds ONNX files for tests, good and bad ones.
#pragma once

#include <initializer_list>
#include <string>

#include "runtime/onnx/protobuf.h"

namespace convoy {

// x: float32[2,3] → y, without nodes.
onnx::ModelProto empty_model(int opset = 17, int ir_version = 8);

onnx::NodeProto& add_node(onnx::GraphProto& graph, const std::string& type,
                          std::initializer_list<std::string> inputs,
                          std::initializer_list<std::string> outputs);

// An initializer with raw data of ones.
onnx::TensorProto& add_floats(onnx::GraphProto& graph, const std::string& name,
                              std::initializer_list<int64_t> dims);

// An initializer whose data is in a file.
onnx::TensorProto& add_external(onnx::GraphProto& graph, const std::string& name,
                                std::initializer_list<int64_t> dims, const std::string& location);

// empty_model with y = Add(x, w), w of shape [2,3] in `location`.
onnx::ModelProto external_model(const std::string& location);

}  // namespace convoy
