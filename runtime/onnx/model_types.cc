#include <algorithm>

#include "runtime/base/log.h"
#include "runtime/onnx/function_body.h"
#include "runtime/onnx/inference.h"
#include "runtime/onnx/messages.h"
#include "runtime/onnx/schema.h"
#include "runtime/onnx/symbolic_context.h"
#include "runtime/onnx/types.h"
#include "runtime/onnx/size_names.h"

namespace convoy {
namespace {

constexpr int kMostNesting = 64;  // of bodies and of function calls

bool contradicts(const ValueType& known, const ValueType& inferred) {
  if (known.kind == ValueType::Kind::kUnknown || inferred.kind == ValueType::Kind::kUnknown) {
    return false;
  }
  if (known.kind != inferred.kind) return true;
  if (known.element && inferred.element) return contradicts(*known.element, *inferred.element);
  bool types = known.dtype != DType::kUndefined && inferred.dtype != DType::kUndefined;
  if (types && known.dtype != inferred.dtype) return true;
  if (!known.shape || !inferred.shape) return false;
  return !std::equal(known.shape->begin(), known.shape->end(), inferred.shape->begin(),
                     inferred.shape->end(), [](const Dimension& a, const Dimension& b) {
                       return !a.known() || !b.known() || a.size == b.size;
                     });
}

// What `known` leaves open, filled from `inferred`, which does not contradict it.
ValueType merged(const ValueType& known, const ValueType& inferred) {
  if (known.kind == ValueType::Kind::kUnknown) return inferred;
  if (inferred.kind == ValueType::Kind::kUnknown) return known;
  ValueType result = known;
  if (result.dtype == DType::kUndefined) result.dtype = inferred.dtype;
  if (!result.element) {
    result.element = inferred.element;
  } else if (inferred.element) {
    result.element = std::make_shared<const ValueType>(merged(*known.element, *inferred.element));
  }
  if (!result.shape) {
    result.shape = inferred.shape;
  } else if (inferred.shape) {
    for (size_t i = 0; i < result.shape->size(); ++i) {
      Dimension& dimension = (*result.shape)[i];
      const Dimension& other = (*inferred.shape)[i];
      bool has_name = !dimension.symbol.empty() &&
                      (!is_own_name(dimension.symbol) || other.symbol.empty());
      bool says_more = !dimension.known() && (other.known() || !has_name);
      if (says_more) dimension = other;
    }
  }
  return result;
}

class ModelInference {
 public:
  explicit ModelInference(const Model& model) : model_(model) {}

  void infer(InferenceScope& scope, int depth) {
    if (depth > kMostNesting) return;
    for (NodeId id : scope.graph.topological_order()) {
      const Node& node = scope.graph.node(id);
      try {
        infer_node(scope, node, depth);
      } catch (const std::exception& error) {
        if (knows_inputs(scope.graph, node)) {
          complain(scope.graph, node, one_line(error.what()));
        }
      }
    }
  }

  // Empty where everything fits.
  const std::string& first_complaint() const { return complaint_; }

 private:
  // ONNX's inference throws for inputs of unknown type, which say nothing against the model.
  static bool knows_inputs(const Graph& graph, const Node& node) {
    return std::ranges::none_of(node.inputs, [&](ValueId input) {
      return input != ValueId::kNone &&
             graph.value(input).type.kind == ValueType::Kind::kUnknown;
    });
  }

  void complain(const Graph& graph, const Node& node, const std::string& message) {
    if (!complaint_.empty()) return;
    complaint_ = fmt::format("node '{}' ({}): {}", node.label(graph), node.qualified_type(),
                             message);
  }

  void infer_node(InferenceScope& scope, const Node& node, int depth) {
    const onnx::OpSchema* schema = find_schema(node.domain, node.op_type, node.version);
    if (schema == nullptr) return infer_call(scope, node, depth);
    if (!schema->has_type_and_shape_inference_function()) {
      std::vector<ValueType> types = input_types(scope.graph, node);
      if (auto body = function_body(resolved(scope, node), types)) {
        infer_body_of_call(scope, node, *body, nullptr, depth);
      }
      return;
    }
    SymbolicContext context(scope, node, *schema, [&](Graph& body, const auto& types) {
      infer_body(scope, body, types, depth);
    });
    schema->GetTypeAndShapeInferenceFunction()(context);
    for (size_t j = 0; j < node.outputs.size(); ++j) {
      ValueType type = type_from_proto(*context.getOutputType(j));
      if (j == 0) type = with_window_sizes(scope.graph, node, std::move(type));
      take_type(scope.graph, node, j, type);
    }
    if (schema->has_data_propagation_function()) schema->GetDataPropagationFunction()(context);
  }

  void take_type(Graph& graph, const Node& node, size_t j, const ValueType& inferred) {
    ValueId id = node.outputs[j];
    if (id == ValueId::kNone || inferred.kind == ValueType::Kind::kUnknown) return;
    const ValueType& known = graph.value(id).type;
    if (contradicts(known, inferred)) {
      return complain(graph, node,
                      fmt::format("'{}' is declared as {} but would be {}", graph.value_name(id),
                                  to_string(known), to_string(inferred)));
    }
    ValueType type = merged(known, inferred);
    bool told = graph.value(id).is_output;
    graph.set_type(id, told ? without_own_names(type) : with_own_names(std::move(type)));
  }

  void infer_body(InferenceScope& around, Graph& body,
                  const std::vector<const onnx::TypeProto*>& types, int depth) {
    for (const Graph::Capture& capture : body.captures()) {
      body.set_type(capture.inner, around.graph.value(capture.outer).type);
    }
    for (size_t i = 0; i < std::min(types.size(), body.inputs().size()); ++i) {
      if (types[i] == nullptr) continue;
      ValueType given = type_from_proto(*types[i]);
      const ValueType& known = body.value(body.inputs()[i]).type;
      if (!contradicts(known, given)) body.set_type(body.inputs()[i], merged(known, given));
    }
    InferenceScope scope{body, &around, around.bindings};
    infer(scope, depth + 1);
  }

  static std::vector<ValueType> input_types(const Graph& graph, const Node& node) {
    std::vector<ValueType> types(node.inputs.size());
    for (size_t i = 0; i < types.size(); ++i) {
      if (node.inputs[i] != ValueId::kNone) types[i] = graph.value(node.inputs[i]).type;
    }
    return types;
  }

  // The node with its references to attributes of a call replaced.
  static Node resolved(const InferenceScope& scope, const Node& node) {
    Node result = node;
    result.attributes.clear();
    for (const auto& [name, value] : node.attributes) {
      const auto* reference = std::get_if<AttributeReference>(&value);
      if (reference == nullptr) {
        result.attributes.emplace(name, value);
      } else if (scope.bindings != nullptr && scope.bindings->contains(reference->name)) {
        result.attributes.emplace(name, scope.bindings->find(reference->name)->second);
      }
    }
    return result;
  }

  void infer_call(InferenceScope& scope, const Node& node, int depth) {
    auto function = std::find_if(
        model_.functions.begin(), model_.functions.end(), [&](const Function& candidate) {
          return candidate.domain == node.domain && candidate.name == node.op_type &&
                 candidate.overload == node.overload;
        });
    if (function == model_.functions.end() || calls_left_ == 0) return;
    --calls_left_;
    Attributes bindings = resolved(scope, node).attributes;
    bindings.insert(function->attribute_defaults.begin(), function->attribute_defaults.end());
    Graph body = function->body->clone();
    infer_body_of_call(scope, node, body, &bindings, depth);
  }

  void infer_body_of_call(InferenceScope& scope, const Node& node, Graph& body,
                          const Attributes* bindings, int depth) {
    std::vector<ValueType> types = input_types(scope.graph, node);
    for (size_t i = 0; i < std::min(types.size(), body.inputs().size()); ++i) {
      body.set_type(body.inputs()[i], types[i]);
    }
    InferenceScope inner{body, nullptr, bindings};
    infer(inner, depth + 1);
    for (size_t j = 0; j < std::min(node.outputs.size(), body.outputs().size()); ++j) {
      take_type(scope.graph, node, j, body.value(body.outputs()[j]).type);
    }
  }

  const Model& model_;
  // Functions that call others several times grow exponentially when they are expanded.
  int calls_left_ = 10'000;
  std::string complaint_;
};

}  // namespace

void infer_graph_types(Graph& graph) {
  Model no_functions;
  ModelInference inference(no_functions);
  InferenceScope scope{graph};
  inference.infer(scope, 0);
}

void infer_model_types(Model& model) {
  ModelInference inference(model);
  InferenceScope scope{model.graph};
  inference.infer(scope, 0);
  if (!inference.first_complaint().empty()) {
    warn(fmt::format("{}{}types do not fit: {}", model.path, model.path.empty() ? "" : ": ",
                     inference.first_complaint()));
  }
}

}  // namespace convoy
