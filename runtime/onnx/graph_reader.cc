#include "runtime/onnx/graph_reader.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "runtime/base/log.h"
#include "runtime/onnx/attributes.h"
#include "runtime/onnx/constant_node.h"
#include "runtime/onnx/schema.h"
#include "runtime/onnx/types.h"

namespace convoy {
namespace {

// The opset that brought an operator which exporters write into files of older opsets as well.
int first_version_written(const Node& node) { return node.is("LayerNormalization") ? 17 : 1; }

// Reads one graph; bodies are read by readers that know their parent.
class Reader {
 public:
  Reader(const GraphReadOptions& options, Reader* parent) : options_(options), parent_(parent) {
    auto found = options.opsets.find("");
    if (found != options.opsets.end()) graph_.opset = found->second;
  }

  Graph read(const onnx::GraphProto& proto) {
    graph_.name = proto.name();
    graph_.doc_string = proto.doc_string();
    std::set<std::string_view> initialized;
    for (const auto& item : proto.initializer()) initialized.insert(item.name());
    for (const auto& item : proto.sparse_initializer()) initialized.insert(item.values().name());
    for (const auto& item : proto.input()) {
      bool constant = !options_.overridable_initializers && initialized.contains(item.name());
      if (!constant) define(item.name(), graph_.add_input(item.name(), read_type(item)));
    }
    for (const auto& item : proto.initializer()) {
      read_initializer(item.name(), [&] { return tensor_from_proto(item, options_.store); });
    }
    for (const auto& item : proto.sparse_initializer()) {
      read_initializer(item.values().name(),
                       [&] { return tensor_from_proto(item, options_.store); });
    }
    define_outputs(proto.node());
    for (const auto& item : proto.value_info()) refine(item);
    for (const auto& item : proto.output()) refine(item);
    read_nodes(proto.node());
    for (const auto& item : proto.output()) {
      ValueId value = resolve(item.name());
      check_model(value != ValueId::kNone, "graph output '{}' is not computed by any node",
                  item.name());
      graph_.add_output(value);
    }
    graph_.topological_order();
    return std::move(graph_);
  }

  Graph read(const onnx::FunctionProto& proto, const std::vector<ValueType>& input_types) {
    graph_.name = proto.name();
    graph_.doc_string = proto.doc_string();
    for (int i = 0; i < proto.input_size(); ++i) {
      auto index = static_cast<size_t>(i);
      ValueType type = index < input_types.size() ? input_types[index] : ValueType{};
      define(proto.input(i), graph_.add_input(proto.input(i), std::move(type)));
    }
    define_outputs(proto.node());
    for (const auto& item : proto.value_info()) refine(item);
    read_nodes(proto.node());
    for (const std::string& name : proto.output()) {
      ValueId value = resolve(name);
      // Bodies built for one node leave out what that node does not ask for.
      if (value == ValueId::kNone) value = graph_.add_value(name);
      graph_.add_output(value);
    }
    graph_.topological_order();
    return std::move(graph_);
  }

 private:
  void define(const std::string& name, ValueId value) {
    check_model(!name.empty(), "a graph input or initializer has no name");
    check_model(values_.emplace(name, value).second, "value '{}' is defined twice", name);
  }

  static ValueType read_type(const onnx::ValueInfoProto& item) {
    try {
      return type_from_proto(item.type());
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("value '{}': {}", item.name(), error.message()));
    }
  }

  template <typename Load>
  void read_initializer(const std::string& name, const Load& load) {
    auto known = values_.find(name);
    try {
      if (known == values_.end()) {
        define(name, graph_.add_constant(load(), name));
      } else {
        const ValueInfo& value = graph_.value(known->second);
        if (value.initializer) warn(fmt::format("initializer '{}' is given twice", name));
        // The last of several stands, as in other runtimes.
        if (value.is_input) {
          set_default(known->second, load());
        } else {
          graph_.set_initializer(known->second, load());
        }
      }
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("initializer '{}': {}", name, error.message()));
    }
  }

  void set_default(ValueId input, Tensor tensor) {
    const ValueType& declared = graph_.value(input).type;
    check_model(!declared.is_tensor() || declared.dtype == DType::kUndefined ||
                    declared.dtype == tensor.dtype(),
                "it is {}, the input of that name {}", to_string(tensor.desc()),
                to_string(declared));
    auto shape = declared.static_shape();
    if (shape && !(*shape == tensor.shape())) {
      warn(fmt::format("input '{}' is declared as {}, its default is {}", graph_.value_name(input),
                       to_string(declared), to_string(tensor.desc())));
      graph_.set_type(input, ValueType::tensor(tensor.dtype(), tensor.shape()));
    }
    graph_.set_initializer(input, std::move(tensor));
  }

  // Sets the declared type of a value that has none yet.
  void refine(const onnx::ValueInfoProto& item) {
    auto found = values_.find(item.name());
    if (found == values_.end()) return;
    if (graph_.value(found->second).type.kind == ValueType::Kind::kUnknown) {
      graph_.set_type(found->second, read_type(item));
    }
  }

  // kNone where the name is known nowhere.
  ValueId resolve(const std::string& name) {
    auto found = values_.find(name);
    if (found != values_.end()) return found->second;
    if (parent_ == nullptr) return ValueId::kNone;
    ValueId outer = parent_->resolve(name);
    if (outer == ValueId::kNone) return outer;
    ValueId inner = graph_.capture(outer, name, parent_->graph_.value(outer).type);
    values_.emplace(name, inner);
    return inner;
  }

  // All outputs are defined before any input is looked up, so that files whose nodes are not sorted
  // load too; and typed, so that captures in bodies know their types.
  void define_outputs(const google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes) {
    for (const auto& proto : nodes) {
      with_context(proto, [&] {
        for (const std::string& name : proto.output()) {
          if (!name.empty()) define(name, graph_.add_value(name));
        }
      });
    }
  }

  void read_nodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes) {
    for (const auto& proto : nodes) with_context(proto, [&] { read_node(proto); });
  }

  template <typename Action>
  static void with_context(const onnx::NodeProto& proto, const Action& action) {
    try {
      action();
    } catch (Error& error) {
      ErrorContext place;
      place.node = proto.name();
      if (place.node.empty() && proto.output_size() > 0) place.node = proto.output(0);
      const std::string& domain = canonical_domain(proto.domain());
      place.op_type = domain.empty() ? proto.op_type() : domain + "::" + proto.op_type();
      error.add_context(place);
      throw;
    }
  }

  void read_node(const onnx::NodeProto& proto) {
    Node node;
    node.name = proto.name();
    node.op_type = proto.op_type();
    node.domain = canonical_domain(proto.domain());
    node.overload = proto.overload();
    node.version = version_of(node);
    for (const std::string& name : proto.output()) {
      node.outputs.push_back(name.empty() ? ValueId::kNone : values_.at(name));
    }
    read_attributes(proto, node.attributes);
    if (node.is("Constant") && become_constant(node)) return;
    for (const std::string& name : proto.input()) {
      if (name.empty() || options_.left_out.contains(name)) {
        node.inputs.push_back(ValueId::kNone);
        continue;
      }
      node.inputs.push_back(resolve(name));
      check_model(node.inputs.back() != ValueId::kNone,
                  "input '{}' is no graph input, initializer or output of a node", name);
    }
    graph_.add_node(std::move(node));
  }

  bool become_constant(const Node& node) {
    check_model(node.outputs.size() == 1 && node.outputs[0] != ValueId::kNone,
                "a Constant has one output");
    auto tensor = constant_value(node.attributes);
    if (tensor) graph_.set_initializer(node.outputs[0], *std::move(tensor));
    return tensor.has_value();
  }

  int version_of(const Node& node) const {
    const std::string& domain = node.domain;
    auto found = options_.opsets.find(domain);
    if (found != options_.opsets.end()) {
      return std::max(found->second, first_version_written(node));
    }
    check_model(!domain.empty(), "the model imports no version of ONNX's own operator set");
    fail(ErrorCode::kInvalidModel, "the model imports no version of the operator set '{}'", domain);
  }

  void read_attributes(const onnx::NodeProto& proto, Attributes& attributes) {
    GraphReader read_body = [this](const onnx::GraphProto& body) {
      return std::make_shared<Graph>(Reader(options_, this).read(body));
    };
    for (const auto& item : proto.attribute()) {
      AttributeValue value = attribute_from_proto(item, options_.store, read_body);
      if (const auto* reference = std::get_if<AttributeReference>(&value);
          reference != nullptr && options_.attributes != nullptr) {
        auto bound = options_.attributes->find(reference->name);
        if (bound == options_.attributes->end()) continue;
        value = AttributeValue(bound->second);
      }
      check_model(attributes.emplace(item.name(), std::move(value)).second,
                  "attribute '{}' is given twice", item.name());
    }
  }

  const GraphReadOptions& options_;
  Reader* parent_;
  Graph graph_;
  std::unordered_map<std::string, ValueId> values_;
};

}  // namespace

Graph graph_from_proto(const onnx::GraphProto& proto, const GraphReadOptions& options) {
  return Reader(options, nullptr).read(proto);
}

Graph graph_from_proto(const onnx::FunctionProto& proto, const GraphReadOptions& options,
                       const std::vector<ValueType>& input_types) {
  return Reader(options, nullptr).read(proto, input_types);
}

std::map<std::string, int> read_opsets(
    const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto>& imports) {
  std::map<std::string, int> opsets;
  for (const auto& item : imports) {
    const std::string& domain = canonical_domain(item.domain());
    check_model(item.version() > 0 && item.version() < std::numeric_limits<int>::max(),
                "the operator set '{}' is imported at version {}", domain, item.version());
    auto known = opsets.emplace(domain, static_cast<int>(item.version())).first;
    check_model(known->second == item.version(),
                "the operator set '{}' is imported twice, at versions {} and {}", domain,
                known->second, item.version());
  }
  return opsets;
}

}  // namespace convoy
