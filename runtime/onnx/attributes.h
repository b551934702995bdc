// Attributes, from and to protobuf.
#pragma once

#include <functional>
#include <memory>

#include "runtime/graph/attribute.h"
#include "runtime/onnx/protobuf.h"
#include "runtime/onnx/tensors.h"

namespace convoy {

using GraphReader = std::function<std::shared_ptr<Graph>(const onnx::GraphProto&)>;
using GraphWriter = std::function<void(const Graph&, onnx::GraphProto&)>;

// Throws kInvalidModel for an attribute without a type that ONNX defines, or that holds graphs
// while there is no reader for them.
AttributeValue attribute_from_proto(const onnx::AttributeProto& proto, TensorStore* store = nullptr,
                                    const GraphReader& read_graph = nullptr);

// Graphs are left empty where there is no writer for them.
void attribute_to_proto(const std::string& name, const AttributeValue& value,
                        onnx::AttributeProto& proto, const GraphWriter& write_graph = nullptr);

}  // namespace convoy
