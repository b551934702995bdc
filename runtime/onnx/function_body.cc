#include "runtime/onnx/function_body.h"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>

#include <onnx/defs/parser.h>

#include "runtime/onnx/attributes.h"
#include "runtime/onnx/graph_reader.h"
#include "runtime/onnx/graph_writer.h"
#include "runtime/onnx/inference.h"
#include "runtime/onnx/messages.h"
#include "runtime/onnx/schema.h"
#include "runtime/onnx/types.h"

namespace convoy {
namespace {

// The largest of `versions` that is ≤ wanted, else the smallest; 0 if there are none.
int closest_version(const std::vector<int>& versions, int wanted) {
  int below = 0;
  int above = 0;
  for (int version : versions) {
    if (version <= wanted) below = std::max(below, version);
    if (version > wanted && (above == 0 || version < above)) above = version;
  }
  return below != 0 ? below : above;
}

void write_body(const Graph& body, onnx::GraphProto& proto) { graph_to_proto(body, proto, {}); }

class BuildContext final : public onnx::FunctionBodyBuildContext {
 public:
  BuildContext(const Node& node, const std::vector<ValueType>& input_types) : node_(node) {
    for (const auto& [name, value] : node.attributes) {
      attribute_to_proto(name, value, attributes_[name], write_body);
    }
    types_.resize(input_types.size());
    for (size_t i = 0; i < types_.size(); ++i) type_to_proto(input_types[i], types_[i]);
  }
  const onnx::AttributeProto* getAttribute(const std::string& name) const override {
    auto found = attributes_.find(name);
    return found == attributes_.end() ? nullptr : &found->second;
  }
  bool hasInput(int i) const override { return i >= 0 && node_.has_input(i); }
  bool hasOutput(int j) const override {
    return j >= 0 && j < static_cast<int>(node_.outputs.size()) &&
           node_.outputs[static_cast<size_t>(j)] != ValueId::kNone;
  }
  const onnx::TypeProto* getInputType(int i) const override {
    if (i < 0 || i >= static_cast<int>(types_.size())) return nullptr;
    const onnx::TypeProto& type = types_[static_cast<size_t>(i)];
    return type.value_case() == onnx::TypeProto::VALUE_NOT_SET ? nullptr : &type;
  }

 private:
  const Node& node_;
  std::unordered_map<std::string, onnx::AttributeProto> attributes_;
  std::vector<onnx::TypeProto> types_;
};

// ONNX's builders do not compute outputs that the node leaves out; the signature still lists them.
void complete_outputs(onnx::FunctionProto& function) {
  std::set<std::string> computed(function.input().begin(), function.input().end());
  for (const auto& node : function.node()) {
    computed.insert(node.output().begin(), node.output().end());
  }
  for (const std::string& name : function.output()) {
    if (computed.contains(name)) continue;
    onnx::NodeProto* constant = function.add_node();
    constant->set_op_type("Constant");
    constant->add_output(name);
    onnx::AttributeProto* value = constant->add_attribute();
    value->set_name("value_int");
    value->set_type(onnx::AttributeProto::INT);
    value->set_i(0);
  }
}

// The graph of a function called by `node`, whose attributes are complete.
Graph read_body(const onnx::FunctionProto& function, const Node& node,
                const std::vector<ValueType>& input_types) {
  GraphReadOptions options;
  options.opsets = read_opsets(function.opset_import());
  options.opsets.try_emplace("", latest_opset());
  options.attributes = &node.attributes;
  for (int i = 0; i < function.input_size(); ++i) {
    if (!node.has_input(i)) options.left_out.insert(function.input(i));
  }
  Graph body = graph_from_proto(function, options, input_types);
  // The body may call functions whose own bodies depend on types.
  infer_graph_types(body);
  return body;
}

// Inputs that the node leaves out must be optional where the function reads them.
void check_inputs(const onnx::FunctionProto& function, const Node& node) {
  std::set<std::string> missing;
  for (int i = 0; i < function.input_size(); ++i) {
    if (!node.has_input(i)) missing.insert(function.input(i));
  }
  for (const onnx::NodeProto& item : function.node()) {
    const onnx::OpSchema* schema = find_schema(item.domain(), item.op_type(), latest_opset());
    for (int i = 0; schema != nullptr && i < item.input_size(); ++i) {
      const auto last = static_cast<int>(schema->inputs().size()) - 1;
      if (last < 0) break;
      const auto& parameter = schema->inputs()[static_cast<size_t>(std::min(i, last))];
      bool optional = parameter.GetOption() == onnx::OpSchema::Optional;
      check_model(optional || !missing.contains(item.input(i)), "the input '{}' is missing",
                  item.input(i));
    }
  }
}

bool captures_values(const Node& node) {
  bool captures = false;
  node.for_each_body([&](Graph& body) { captures |= !body.captures().empty(); });
  return captures;
}

}  // namespace

std::optional<onnx::FunctionProto> built_function(const onnx::OpSchema& schema, const Node& node,
                                                  const std::vector<ValueType>& input_types) {
  if (captures_values(node)) return std::nullopt;
  int version = closest_version(schema.context_dependent_function_opset_versions(), node.version);
  if (version == 0) return std::nullopt;
  onnx::FunctionProto function;
  BuildContext context(node, input_types);
  if (!schema.BuildContextDependentFunction(context, function, version)) return std::nullopt;
  complete_outputs(function);
  return function;
}

const onnx::FunctionProto* stored_function(const onnx::OpSchema& schema, int version) {
  int closest = closest_version(schema.function_opset_versions(), version);
  return closest == 0 ? nullptr : schema.GetFunction(closest);
}

std::optional<Graph> function_body(const Node& node, const std::vector<ValueType>& input_types) {
  const onnx::OpSchema* schema = find_schema(node.domain, node.op_type, node.version);
  if (schema == nullptr) return std::nullopt;
  Node complete = node;
  fill_default_attributes(complete);
  ErrorContext place{"", node.name, node.qualified_type(), ""};
  try {
    std::optional<onnx::FunctionProto> built;
    const onnx::FunctionProto* function = stored_function(*schema, node.version);
    if (function == nullptr) {
      built = built_function(*schema, complete, input_types);
      if (!built) return std::nullopt;
      function = &*built;
    }
    return read_body(*function, complete, input_types);
  } catch (Error& error) {
    error.add_context(place);
    throw;
  } catch (const std::exception& error) {
    throw Error(ErrorCode::kInvalidModel, complaint_of(error), place);
  }
}

Graph function_body_from_text(const std::string& text, const Node& node,
                              const std::vector<ValueType>& input_types) {
  // The caller knows what to call a node without a name.
  ErrorContext place;
  if (!node.name.empty()) place = {"", node.name, node.qualified_type(), ""};
  try {
    onnx::FunctionProto function;
    onnx::Common::Status parsed = onnx::OnnxParser::Parse(function, text.c_str());
    check_internal(parsed.IsOK(), "the body of {} does not parse: {}", node.qualified_type(),
                   parsed.ErrorMessage());
    Node complete = node;
    for (const onnx::AttributeProto& item : function.attribute_proto()) {
      if (!node.attributes.contains(item.name())) {
        complete.attributes.emplace(item.name(), attribute_from_proto(item));
      }
    }
    for (const auto& [name, value] : node.attributes) {
      bool declared =
          std::count(function.attribute().begin(), function.attribute().end(), name) ||
          std::any_of(function.attribute_proto().begin(), function.attribute_proto().end(),
                      [&](const auto& item) { return item.name() == name; });
      check_model(declared, "the attribute '{}' is not known", name);
    }
    check_inputs(function, node);
    complete_outputs(function);
    return read_body(function, complete, input_types);
  } catch (Error& error) {
    error.add_context(place);
    throw;
  } catch (const std::exception& error) {
    throw Error(ErrorCode::kInvalidModel, complaint_of(error), place);
  }
}

}  // namespace convoy
