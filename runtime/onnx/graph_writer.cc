#include "runtime/onnx/graph_writer.h"

#include <unordered_set>

#include "runtime/onnx/attributes.h"
#include "runtime/onnx/size_names.h"
#include "runtime/onnx/types.h"

namespace convoy {
namespace {

constexpr int64_t kDefaultIr = 8;  // of models that were not read from a file

// Writes one graph; bodies are written by writers that know their parent.
class Writer {
 public:
  Writer(const Graph& graph, const GraphWriteOptions& options, const Writer* parent)
      : graph_(graph), options_(options), parent_(parent) {
    name_values();
  }

  void write(onnx::GraphProto& proto) {
    proto.set_name(graph_.name.empty() ? "graph" : graph_.name);
    if (!graph_.doc_string.empty()) proto.set_doc_string(graph_.doc_string);
    for (ValueId id : graph_.inputs()) write_type(id, *proto.add_input());
    write_constants(proto);
    write_nodes([&] { return proto.add_node(); });
    for (size_t i = 0; i < graph_.outputs().size(); ++i) {
      auto& output = *proto.add_output();
      write_type(graph_.outputs()[i], output);
      output.set_name(output_name(i, [&] { return proto.add_node(); }));
    }
    write_value_info([&] { return proto.add_value_info(); });
  }

  void write(onnx::FunctionProto& proto) {
    if (!graph_.doc_string.empty()) proto.set_doc_string(graph_.doc_string);
    for (ValueId id : graph_.inputs()) proto.add_input(name(id));
    for (ValueId id : constants()) write_constant_node(id, *proto.add_node());
    write_nodes([&] { return proto.add_node(); });
    for (ValueId id : graph_.outputs()) proto.add_output(name(id));
    write_value_info([&] { return proto.add_value_info(); });
  }

 private:
  void name_values() {
    names_.resize(graph_.value_count());
    std::unordered_set<std::string> taken;
    for (const Graph::Capture& capture : graph_.captures()) {
      const std::string& outside =
          parent_ != nullptr ? parent_->name(capture.outer) : graph_.value_name(capture.inner);
      names_[index_of(capture.inner)] = outside;
      taken.insert(outside);
    }
    captured_ = taken;
    for (size_t i = 0; i < names_.size(); ++i) {
      const ValueInfo& info = graph_.value(static_cast<ValueId>(i));
      if (info.removed || !names_[i].empty()) continue;
      names_[i] = info.name;
      while (taken.contains(names_[i])) names_[i] = graph_.unique_name(names_[i] + "_inner");
    }
  }

  const std::string& name(ValueId id) const {
    static const std::string none;
    return id == ValueId::kNone ? none : names_[index_of(id)];
  }

  void write_type(ValueId id, onnx::ValueInfoProto& proto) const {
    proto.set_name(name(id));
    ValueType type = without_own_names(graph_.value(id).type);
    if (type.kind != ValueType::Kind::kUnknown) type_to_proto(type, *proto.mutable_type());
  }

  void write_tensor(const Tensor& tensor, onnx::TensorProto& proto) const {
    if (options_.place) {
      proto.set_data_type(static_cast<int32_t>(tensor.dtype()));
      for (int64_t size : tensor.shape()) proto.add_dims(size);
      if (options_.place(tensor, proto)) return;
      proto.clear_dims();
    }
    tensor_to_proto(tensor, proto);
  }

  // In the order of their ids.
  std::vector<ValueId> constants() const {
    std::vector<ValueId> result;
    for (size_t i = 0; i < names_.size(); ++i) {
      const ValueInfo& info = graph_.value(static_cast<ValueId>(i));
      if (!info.removed && info.initializer) result.push_back(static_cast<ValueId>(i));
    }
    return result;
  }

  void write_constants(onnx::GraphProto& proto) {
    for (ValueId id : constants()) {
      const ValueInfo& info = graph_.value(id);
      if (options_.initializers_are_inputs && !info.is_input) {
        // The inputs of a body are counted, so its constants cannot be listed among them.
        if (parent_ != nullptr) {
          write_constant_node(id, *proto.add_node());
          continue;
        }
        write_type(id, *proto.add_input());
      }
      auto& tensor = *proto.add_initializer();
      tensor.set_name(name(id));
      write_tensor(*info.initializer, tensor);
    }
  }

  void write_constant_node(ValueId id, onnx::NodeProto& proto) const {
    proto.set_op_type("Constant");
    proto.add_output(name(id));
    auto& attribute = *proto.add_attribute();
    attribute.set_name("value");
    attribute.set_type(onnx::AttributeProto::TENSOR);
    write_tensor(*graph_.value(id).initializer, *attribute.mutable_t());
  }

  template <typename Add>
  void write_nodes(const Add& add) {
    GraphWriter write_body = [this](const Graph& body, onnx::GraphProto& proto) {
      Writer(body, options_, this).write(proto);
    };
    for (NodeId id : graph_.topological_order()) {
      const Node& node = graph_.node(id);
      onnx::NodeProto& proto = *add();
      if (!node.name.empty()) proto.set_name(node.name);
      proto.set_op_type(node.op_type);
      if (!node.domain.empty()) proto.set_domain(node.domain);
      if (!node.overload.empty()) proto.set_overload(node.overload);
      for (ValueId input : node.inputs) proto.add_input(name(input));
      for (ValueId output : node.outputs) proto.add_output(name(output));
      for (const auto& [key, value] : node.attributes) {
        attribute_to_proto(key, value, *proto.add_attribute(), write_body);
      }
    }
  }

  // A body must not give out a value of the enclosing graph under its own name: an Identity does.
  template <typename Add>
  std::string output_name(size_t index, const Add& add) {
    ValueId id = graph_.outputs()[index];
    if (!captured_.contains(name(id))) return name(id);
    onnx::NodeProto& proto = *add();
    proto.set_op_type("Identity");
    proto.add_input(name(id));
    std::string wanted = name(id) + "_out" + std::to_string(index);
    while (captured_.contains(wanted) || graph_.find_value(wanted) != ValueId::kNone) wanted += '_';
    proto.add_output(wanted);
    return wanted;
  }

  template <typename Add>
  void write_value_info(const Add& add) const {
    for (size_t i = 0; i < names_.size(); ++i) {
      auto id = static_cast<ValueId>(i);
      const ValueInfo& info = graph_.value(id);
      bool computed = !info.removed && info.producer != NodeId::kNone && !info.is_output;
      if (computed && info.type.kind != ValueType::Kind::kUnknown) write_type(id, *add());
    }
  }

  const Graph& graph_;
  const GraphWriteOptions& options_;
  const Writer* parent_;
  std::vector<std::string> names_;  // by value
  std::unordered_set<std::string> captured_;
};

void write_opsets(const std::map<std::string, int>& opsets,
                  google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto>& imports) {
  for (const auto& [domain, version] : opsets) {
    auto& item = *imports.Add();
    item.set_domain(domain);
    item.set_version(version);
  }
}

}  // namespace

void graph_to_proto(const Graph& graph, onnx::GraphProto& proto, const GraphWriteOptions& options) {
  Writer(graph, options, nullptr).write(proto);
}

void function_to_proto(const Function& function, onnx::FunctionProto& proto,
                       const GraphWriteOptions& options) {
  proto.set_domain(function.domain);
  proto.set_name(function.name);
  if (!function.overload.empty()) proto.set_overload(function.overload);
  for (const std::string& name : function.attributes) proto.add_attribute(name);
  for (const auto& [name, value] : function.attribute_defaults) {
    attribute_to_proto(name, value, *proto.add_attribute_proto());
  }
  write_opsets(function.opsets, *proto.mutable_opset_import());
  Writer(*function.body, options, nullptr).write(proto);
}

void model_to_proto(const Model& model, onnx::ModelProto& proto, GraphWriteOptions options) {
  int64_t ir_version = model.ir_version > 0 ? model.ir_version : kDefaultIr;
  proto.set_ir_version(ir_version);
  if (!model.producer_name.empty()) proto.set_producer_name(model.producer_name);
  if (!model.producer_version.empty()) proto.set_producer_version(model.producer_version);
  if (!model.domain.empty()) proto.set_domain(model.domain);
  if (model.model_version) proto.set_model_version(*model.model_version);
  if (!model.doc_string.empty()) proto.set_doc_string(model.doc_string);
  write_opsets(model.opsets, *proto.mutable_opset_import());
  for (const auto& [key, value] : model.metadata) {
    auto& item = *proto.add_metadata_props();
    item.set_key(key);
    item.set_value(value);
  }
  options.initializers_are_inputs = ir_version < 4;
  for (const Function& function : model.functions) {
    function_to_proto(function, *proto.add_functions(), options);
  }
  graph_to_proto(model.graph, *proto.mutable_graph(), options);
}

}  // namespace convoy
