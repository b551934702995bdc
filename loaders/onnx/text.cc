#include "loaders/onnx/text.h"

#include <string>

#include "runtime/base/error.h"

namespace convoy {
namespace {

// Bytes of the character that starts here; 0 where none does.
size_t character_length(std::string_view text) {
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  auto follows = [&](size_t count) {
    for (size_t i = 1; i <= count; ++i) {
      if ((byte(i) & 0xc0) != 0x80) return false;
    }
    return true;
  };
  unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first < 0xf0) {
    bool overlong = first == 0xe0 && byte(1) < 0xa0;
    bool surrogate = first == 0xed && byte(1) >= 0xa0;
    return follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first < 0xf5) {
    bool overlong = first == 0xf0 && byte(1) < 0x90;
    bool beyond = first == 0xf4 && byte(1) >= 0x90;
    return follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

std::string quoted(std::string_view text) {
  std::string result;
  while (!text.empty() && result.size() < 100) {
    size_t length = character_length(text);
    if (length == 0) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
      length = 1;
    } else {
      result += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return result;
}

void check(std::string_view what, std::string_view text) {
  check_model(is_utf8(text), "{} is not UTF-8: '{}'", what, quoted(text));
}

void check_type(const onnx::TypeProto& type) {
  if (type.has_sequence_type()) return check_type(type.sequence_type().elem_type());
  if (type.has_optional_type()) return check_type(type.optional_type().elem_type());
  if (type.has_map_type()) return check_type(type.map_type().value_type());
  const auto& shape = type.has_sparse_tensor_type() ? type.sparse_tensor_type().shape()
                                                    : type.tensor_type().shape();
  for (const auto& dimension : shape.dim()) check("the symbol of a size", dimension.dim_param());
}

template <typename Values>
void check_values(const Values& values) {
  for (const auto& value : values) {
    check("the name of a value", value.name());
    check_type(value.type());
  }
}

void check_graph(const onnx::GraphProto& graph);

template <typename Nodes>
void check_nodes(const Nodes& nodes) {
  for (const auto& node : nodes) {
    check("the name of a node", node.name());
    check("the type of a node", node.op_type());
    check("the domain of a node", node.domain());
    check("the overload of a node", node.overload());
    for (const auto& name : node.input()) check("the name of a value", name);
    for (const auto& name : node.output()) check("the name of a value", name);
    for (const auto& attribute : node.attribute()) {
      check("the name of an attribute", attribute.name());
      check("the name of an attribute", attribute.ref_attr_name());
      if (attribute.has_g()) check_graph(attribute.g());
      for (const auto& body : attribute.graphs()) check_graph(body);
    }
  }
}

void check_graph(const onnx::GraphProto& graph) {
  check("the name of a graph", graph.name());
  check_values(graph.input());
  check_values(graph.output());
  check_values(graph.value_info());
  for (const auto& tensor : graph.initializer()) check("the name of a value", tensor.name());
  for (const auto& tensor : graph.sparse_initializer()) {
    check("the name of a value", tensor.values().name());
  }
  check_nodes(graph.node());
}

template <typename Imports>
void check_imports(const Imports& imports) {
  for (const auto& item : imports) check("an imported domain", item.domain());
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    size_t length = character_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void check_text(const onnx::ModelProto& model) {
  check("the producer's name", model.producer_name());
  check("the producer's version", model.producer_version());
  check("the model's domain", model.domain());
  check("the model's documentation", model.doc_string());
  check("the graph's documentation", model.graph().doc_string());
  for (const auto& item : model.metadata_props()) {
    check("a key of the metadata", item.key());
    check("a value of the metadata", item.value());
  }
  check_imports(model.opset_import());
  for (const auto& function : model.functions()) {
    check("the name of a function", function.name());
    check("the domain of a function", function.domain());
    check("the overload of a function", function.overload());
    check_imports(function.opset_import());
    for (const auto& name : function.input()) check("the name of a value", name);
    for (const auto& name : function.output()) check("the name of a value", name);
    for (const auto& name : function.attribute()) check("the name of an attribute", name);
    check_values(function.value_info());
    check_nodes(function.node());
  }
  check_graph(model.graph());
}

}  // namespace convoy
