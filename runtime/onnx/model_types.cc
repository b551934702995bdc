#include <onnx/shape_inference/implementation.h>

#include <unordered_map>

#include "runtime/base/log.h"
#include "runtime/onnx/graph_writer.h"
#include "runtime/onnx/inference.h"
#include "runtime/onnx/messages.h"
#include "runtime/onnx/types.h"

namespace convoy {
namespace {

constexpr int64_t kMostBytes = 1024;  // shape operands must parse; weights stay out of protobuf

ValueType merged_shape(const ValueType& known, const ValueType& inferred) {
  ValueType result = known;
  if (!result.shape) result.shape = inferred.shape;
  if (!inferred.shape || result.shape->size() != inferred.shape->size()) return result;
  for (size_t i = 0; i < result.shape->size(); ++i) {
    Dimension& dimension = (*result.shape)[i];
    const Dimension& other = (*inferred.shape)[i];
    if (dimension.known()) continue;
    if (other.known()) {
      dimension = other;
    } else if (dimension.symbol.empty()) {
      dimension.symbol = other.symbol;
    }
  }
  return result;
}

// What `known` leaves open, filled from `inferred`.
ValueType merged(const ValueType& known, const ValueType& inferred) {
  if (known.kind == ValueType::Kind::kUnknown) return inferred;
  if (known.kind != inferred.kind) return known;
  bool tensor =
      known.kind == ValueType::Kind::kTensor || known.kind == ValueType::Kind::kSparseTensor;
  if (tensor && known.dtype == DType::kUndefined) {
    ValueType typed = known;
    typed.dtype = inferred.dtype;
    return merged_shape(typed, inferred);
  }
  if (tensor) return known.dtype == inferred.dtype ? merged_shape(known, inferred) : known;
  if (!known.element || !inferred.element) return known;
  ValueType result = known;
  result.element = std::make_shared<const ValueType>(merged(*known.element, *inferred.element));
  return result;
}

void take_type(Graph& graph, const onnx::ValueInfoProto& proto) {
  ValueId id = graph.find_value(proto.name());
  if (id == ValueId::kNone || proto.type().value_case() == onnx::TypeProto::VALUE_NOT_SET) return;
  graph.set_type(id, merged(graph.value(id).type, type_from_proto(proto.type())));
}

void take_types(Graph& graph, const onnx::GraphProto& proto);

// Bodies of a written graph, in the order of Node::for_each_body.
void take_body_types(Graph& graph, const onnx::GraphProto& proto) {
  std::unordered_map<std::string, const onnx::NodeProto*> by_output;
  for (const auto& node : proto.node()) {
    for (const std::string& output : node.output()) {
      if (!output.empty()) by_output.emplace(output, &node);
    }
  }
  for (NodeId id : graph.topological_order()) {
    const Node& node = graph.node(id);
    node.for_each_body([&](Graph& body) {
      for (const Graph::Capture& capture : body.captures()) {
        body.set_type(capture.inner, graph.value(capture.outer).type);
      }
    });
    if (!node.has_bodies() || node.outputs.empty()) continue;
    auto found = by_output.find(graph.value_name(node.outputs[0]));
    if (found == by_output.end()) continue;
    std::vector<const onnx::GraphProto*> protos;
    for (const auto& attribute : found->second->attribute()) {
      if (attribute.has_g()) protos.push_back(&attribute.g());
      for (const auto& body : attribute.graphs()) protos.push_back(&body);
    }
    size_t next = 0;
    node.for_each_body([&](Graph& body) {
      if (next < protos.size()) take_types(body, *protos[next++]);
    });
  }
}

void take_types(Graph& graph, const onnx::GraphProto& proto) {
  for (const auto& item : proto.value_info()) take_type(graph, item);
  for (const auto& item : proto.output()) take_type(graph, item);
  take_body_types(graph, proto);
}

}  // namespace

void infer_model_types(Model& model) {
  onnx::ModelProto proto;
  GraphWriteOptions options;
  options.place = [](const Tensor& tensor, onnx::TensorProto&) {
    return tensor.dtype() == DType::kString || tensor.desc().bytes() > kMostBytes;
  };
  model_to_proto(model, proto, options);
  onnx::shape_inference::DataValueMap data;
  onnx::ShapeInferenceOptions inference(false, 1, true);
  try {
    onnx::shape_inference::InferShapes(proto, onnx::OpSchemaRegistry::Instance(), inference, &data);
  } catch (const std::exception& error) {
    warn(fmt::format("{}{}types of some values are not known: {}", model.path,
                     model.path.empty() ? "" : ": ", one_line(error.what())));
  }
  take_types(model.graph, proto.graph());
}

}  // namespace convoy
