#include "runtime/onnx/attributes.h"

#include "runtime/onnx/types.h"

namespace convoy {
namespace {

using Type = onnx::AttributeProto::AttributeType;

std::shared_ptr<Graph> read_body(const onnx::GraphProto& proto, const GraphReader& read_graph) {
  check_model(read_graph != nullptr, "a graph attribute is not allowed here");
  return read_graph(proto);
}

// Files older than IR 2 leave the type out.
int type_of(const onnx::AttributeProto& proto) {
  if (proto.type() != onnx::AttributeProto::UNDEFINED) return proto.type();
  if (proto.has_i()) return onnx::AttributeProto::INT;
  if (proto.has_f()) return onnx::AttributeProto::FLOAT;
  if (proto.has_s()) return onnx::AttributeProto::STRING;
  if (proto.has_t()) return onnx::AttributeProto::TENSOR;
  if (proto.has_g()) return onnx::AttributeProto::GRAPH;
  if (proto.floats_size() > 0) return onnx::AttributeProto::FLOATS;
  if (proto.strings_size() > 0) return onnx::AttributeProto::STRINGS;
  return onnx::AttributeProto::INTS;
}

template <typename Element, typename Field, typename Convert>
std::vector<Element> convert_all(const Field& field, const Convert& convert) {
  std::vector<Element> result;
  result.reserve(static_cast<size_t>(field.size()));
  for (const auto& item : field) result.push_back(convert(item));
  return result;
}

AttributeValue convert(const onnx::AttributeProto& proto, TensorStore* store,
                       const GraphReader& read_graph) {
  auto tensor = [&](const auto& item) { return tensor_from_proto(item, store); };
  auto graph = [&](const onnx::GraphProto& item) { return read_body(item, read_graph); };
  switch (type_of(proto)) {
    case onnx::AttributeProto::INT: return int64_t{proto.i()};
    case onnx::AttributeProto::FLOAT: return proto.f();
    case onnx::AttributeProto::STRING: return proto.s();
    case onnx::AttributeProto::TENSOR: return tensor(proto.t());
    case onnx::AttributeProto::SPARSE_TENSOR: return tensor(proto.sparse_tensor());
    case onnx::AttributeProto::GRAPH: return graph(proto.g());
    case onnx::AttributeProto::TYPE_PROTO: return type_from_proto(proto.tp());
    case onnx::AttributeProto::INTS:
      return std::vector<int64_t>(proto.ints().begin(), proto.ints().end());
    case onnx::AttributeProto::FLOATS:
      return std::vector<float>(proto.floats().begin(), proto.floats().end());
    case onnx::AttributeProto::STRINGS:
      return std::vector<std::string>(proto.strings().begin(), proto.strings().end());
    case onnx::AttributeProto::TENSORS: return convert_all<Tensor>(proto.tensors(), tensor);
    case onnx::AttributeProto::SPARSE_TENSORS:
      return convert_all<Tensor>(proto.sparse_tensors(), tensor);
    case onnx::AttributeProto::GRAPHS:
      return convert_all<std::shared_ptr<Graph>>(proto.graphs(), graph);
    case onnx::AttributeProto::TYPE_PROTOS:
      return convert_all<ValueType>(proto.type_protos(), type_from_proto);
    default: fail(ErrorCode::kInvalidModel, "it has the unknown type {}", int{proto.type()});
  }
}

struct Write {
  onnx::AttributeProto& proto;
  const GraphWriter& write_graph;

  void graph(const std::shared_ptr<Graph>& value, onnx::GraphProto& to) const {
    if (write_graph) write_graph(*value, to);
  }
  void operator()(int64_t value) const {
    proto.set_type(onnx::AttributeProto::INT);
    proto.set_i(value);
  }
  void operator()(float value) const {
    proto.set_type(onnx::AttributeProto::FLOAT);
    proto.set_f(value);
  }
  void operator()(const std::string& value) const {
    proto.set_type(onnx::AttributeProto::STRING);
    proto.set_s(value);
  }
  void operator()(const Tensor& value) const {
    proto.set_type(onnx::AttributeProto::TENSOR);
    tensor_to_proto(value, *proto.mutable_t());
  }
  void operator()(const std::shared_ptr<Graph>& value) const {
    proto.set_type(onnx::AttributeProto::GRAPH);
    graph(value, *proto.mutable_g());
  }
  void operator()(const ValueType& value) const {
    proto.set_type(onnx::AttributeProto::TYPE_PROTO);
    type_to_proto(value, *proto.mutable_tp());
  }
  void operator()(const std::vector<int64_t>& values) const {
    proto.set_type(onnx::AttributeProto::INTS);
    proto.mutable_ints()->Add(values.begin(), values.end());
  }
  void operator()(const std::vector<float>& values) const {
    proto.set_type(onnx::AttributeProto::FLOATS);
    proto.mutable_floats()->Add(values.begin(), values.end());
  }
  void operator()(const std::vector<std::string>& values) const {
    proto.set_type(onnx::AttributeProto::STRINGS);
    for (const std::string& value : values) proto.add_strings(value);
  }
  void operator()(const std::vector<Tensor>& values) const {
    proto.set_type(onnx::AttributeProto::TENSORS);
    for (const Tensor& value : values) tensor_to_proto(value, *proto.add_tensors());
  }
  void operator()(const std::vector<std::shared_ptr<Graph>>& values) const {
    proto.set_type(onnx::AttributeProto::GRAPHS);
    for (const auto& value : values) graph(value, *proto.add_graphs());
  }
  void operator()(const std::vector<ValueType>& values) const {
    proto.set_type(onnx::AttributeProto::TYPE_PROTOS);
    for (const ValueType& value : values) type_to_proto(value, *proto.add_type_protos());
  }
  void operator()(const AttributeReference& value) const {
    proto.set_type(static_cast<Type>(value.type));
    proto.set_ref_attr_name(value.name);
  }
};

}  // namespace

AttributeValue attribute_from_proto(const onnx::AttributeProto& proto, TensorStore* store,
                                    const GraphReader& read_graph) {
  if (!proto.ref_attr_name().empty()) {
    return AttributeReference{proto.ref_attr_name(), proto.type()};
  }
  try {
    return convert(proto, store, read_graph);
  } catch (const Error& error) {
    if (!error.context().node.empty()) throw;
    throw Error(error.code(), fmt::format("attribute '{}': {}", proto.name(), error.message()));
  }
}

void attribute_to_proto(const std::string& name, const AttributeValue& value,
                        onnx::AttributeProto& proto, const GraphWriter& write_graph) {
  proto.set_name(name);
  std::visit(Write{proto, write_graph}, value);
}

}  // namespace convoy
