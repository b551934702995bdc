#include "tests/loaders/proto_model.h"

namespace convoy {
namespace {

void add_value(google::protobuf::RepeatedPtrField<onnx::ValueInfoProto>& values,
               const std::string& name) {
  auto& value = *values.Add();
  value.set_name(name);
  auto& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(onnx::TensorProto::FLOAT);
  tensor.mutable_shape()->add_dim()->set_dim_value(2);
  tensor.mutable_shape()->add_dim()->set_dim_value(3);
}

}  // namespace

onnx::ModelProto empty_model(int opset, int ir_version) {
  onnx::ModelProto model;
  model.set_ir_version(ir_version);
  model.add_opset_import()->set_version(opset);
  model.mutable_graph()->set_name("test");
  add_value(*model.mutable_graph()->mutable_input(), "x");
  add_value(*model.mutable_graph()->mutable_output(), "y");
  return model;
}

onnx::NodeProto& add_node(onnx::GraphProto& graph, const std::string& type,
                          std::initializer_list<std::string> inputs,
                          std::initializer_list<std::string> outputs) {
  auto& node = *graph.add_node();
  node.set_op_type(type);
  for (const std::string& name : inputs) node.add_input(name);
  for (const std::string& name : outputs) node.add_output(name);
  return node;
}

onnx::TensorProto& add_floats(onnx::GraphProto& graph, const std::string& name,
                              std::initializer_list<int64_t> dims) {
  auto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  int64_t count = 1;
  for (int64_t size : dims) {
    tensor.add_dims(size);
    count *= size;
  }
  std::string bytes;
  for (int64_t i = 0; i < count; ++i) bytes.append("\0\0\x80\x3f", 4);
  tensor.set_raw_data(bytes);
  return tensor;
}

onnx::TensorProto& add_external(onnx::GraphProto& graph, const std::string& name,
                                std::initializer_list<int64_t> dims, const std::string& location) {
  auto& tensor = add_floats(graph, name, dims);
  tensor.clear_raw_data();
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  auto& entry = *tensor.add_external_data();
  entry.set_key("location");
  entry.set_value(location);
  return tensor;
}

onnx::ModelProto external_model(const std::string& location) {
  onnx::ModelProto model = empty_model();
  add_external(*model.mutable_graph(), "w", {2, 3}, location);
  add_node(*model.mutable_graph(), "Add", {"x", "w"}, {"y"});
  return model;
}

}  // namespace convoy
