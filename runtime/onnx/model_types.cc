#include <algorithm>

#include "runtime/base/log.h"
#include "runtime/onnx/function_body.h"
#include "runtime/onnx/inference.h"
#include "runtime/onnx/inference_guard.h"
#include "runtime/onnx/messages.h"
#include "runtime/onnx/own_types.h"
#include "runtime/onnx/schema.h"
#include "runtime/onnx/size_names.h"
#include "runtime/onnx/symbolic_context.h"
#include "runtime/onnx/types.h"
#include "runtime/onnx/window_types.h"

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

// What is left of two types that contradict each other, neither of which is to be trusted: rewrites
// are to rely on nothing else.
ValueType undisputed(const ValueType& known, const ValueType& inferred) {
  if (!known.is_tensor() || !inferred.is_tensor()) return inferred;
  ValueType result = ValueType::tensor(inferred.dtype);
  if (known.rank() < 0 || known.rank() != inferred.rank()) return result;
  result.shape = inferred.shape;
  for (size_t i = 0; i < result.shape->size(); ++i) {
    if ((*result.shape)[i].size != (*known.shape)[i].size) (*result.shape)[i] = Dimension{};
  }
  return result;
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
      bool has_name =
          !dimension.symbol.empty() && (!is_own_name(dimension.symbol) || other.symbol.empty());
      bool says_more = !dimension.known() && (other.known() || !has_name);
      if (says_more) dimension = other;
    }
  }
  return result;
}

class ModelInference {
 public:
  ModelInference(const Model& model, const TypeRule& rule) : model_(model), rule_(rule) {}

  void infer(Graph& graph) {
    InferenceScope scope{graph, nullptr, nullptr, {}, &elements_left_};
    infer(scope, 0);
  }

  // Empty where everything fits.
  const std::string& first_complaint() const { return complaint_; }

 private:
  void infer(InferenceScope& scope, int depth) {
    if (depth > kMostNesting) return;
    for (NodeId id : scope.graph.topological_order()) {
      const Node& node = scope.graph.node(id);
      try {
        infer_node(scope, node, depth);
      } catch (const std::exception& error) {
        if (!has_unknown_input(scope.graph, node)) {
          complain(scope.graph, node, complaint_of(error));
        }
      }
    }
  }

  void complain(const Graph& graph, const Node& node, const std::string& message) {
    if (!complaint_.empty()) return;
    complaint_ =
        fmt::format("node '{}' ({}): {}", node.label(graph), node.qualified_type(), message);
  }

  void infer_node(InferenceScope& scope, const Node& node, int depth) {
    std::vector<ValueType> own = own_types(scope, resolved(scope, node));
    for (size_t j = 0; j < std::min(own.size(), node.outputs.size()); ++j) {
      take_type(scope.graph, node, j, own[j]);
    }
    if (!own.empty()) return;
    const onnx::OpSchema* schema = find_schema(node.domain, node.op_type, node.version);
    if (schema == nullptr) return infer_call(scope, node, depth);
    if (!schema->has_type_and_shape_inference_function()) {
      std::vector<ValueType> types = input_types(scope.graph, node);
      if (auto body = function_body(resolved(scope, node), types)) {
        infer_body_of_call(scope, node, *body, nullptr, depth);
      }
      return;
    }
    if (has_window_types(node)) {
      std::vector<ValueType> types = window_types(scope, resolved(scope, node));
      for (size_t j = 0; j < types.size(); ++j) take_type(scope.graph, node, j, types[j]);
      return;
    }
    SymbolicContext context(scope, node, *schema, [&](Graph& body, const auto& types) {
      infer_body(scope, body, types, depth);
    });
    guard_inference(node, context);
    schema->GetTypeAndShapeInferenceFunction()(context);
    for (size_t j = 0; j < node.outputs.size(); ++j) {
      take_type(scope.graph, node, j, type_from_proto(*context.getOutputType(j)));
    }
    if (schema->has_data_propagation_function() && may_propagate(node, context)) {
      schema->GetDataPropagationFunction()(context);
    }
  }

  void take_type(Graph& graph, const Node& node, size_t j, const ValueType& any_inferred) {
    ValueId id = node.outputs[j];
    if (id == ValueId::kNone || any_inferred.kind == ValueType::Kind::kUnknown) return;
    ValueType inferred = without_excess(any_inferred);
    const ValueType& known = graph.value(id).type;
    if (contradicts(known, inferred)) {
      complain(graph, node,
               fmt::format("'{}' is declared as {} but would be {}", graph.value_name(id),
                           to_string(known), to_string(inferred)));
      if (!graph.value(id).is_output) graph.set_type(id, undisputed(known, inferred));
      return;
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
    InferenceScope scope{body, &around, around.bindings, {}, &elements_left_};
    infer(scope, depth + 1);
  }

  static std::vector<ValueType> input_types(const Graph& graph, const Node& node) {
    std::vector<ValueType> types(node.inputs.size());
    for (size_t i = 0; i < types.size(); ++i) {
      if (node.inputs[i] != ValueId::kNone) types[i] = graph.value(node.inputs[i]).type;
    }
    return types;
  }

  // ONNX's inference throws for a type that is missing as for one that does not fit.
  static bool has_unknown_input(const Graph& graph, const Node& node) {
    for (ValueId input : node.inputs) {
      bool unknown =
          input != ValueId::kNone && graph.value(input).type.kind == ValueType::Kind::kUnknown;
      if (unknown) return true;
    }
    return false;
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
    if (function == model_.functions.end()) return apply_rule(scope, node);
    auto nodes = static_cast<int64_t>(function->body->node_limit()) + 1;
    if (nodes > called_nodes_left_) return;
    called_nodes_left_ -= nodes;
    Attributes bindings = resolved(scope, node).attributes;
    bindings.insert(function->attribute_defaults.begin(), function->attribute_defaults.end());
    Graph body = function->body->clone();
    infer_body_of_call(scope, node, body, &bindings, depth);
  }

  void apply_rule(InferenceScope& scope, const Node& node) {
    const bool known = std::all_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) {
      return id == ValueId::kNone || scope.graph.value(id).type.shape;
    });
    if (known || !rule_) return;
    std::vector<ValueType> types = rule_(resolved(scope, node), input_types(scope.graph, node));
    for (size_t j = 0; j < std::min(types.size(), node.outputs.size()); ++j) {
      take_type(scope.graph, node, j, types[j]);
    }
  }

  void infer_body_of_call(InferenceScope& scope, const Node& node, Graph& body,
                          const Attributes* bindings, int depth) {
    std::vector<ValueType> types = input_types(scope.graph, node);
    for (size_t i = 0; i < std::min(types.size(), body.inputs().size()); ++i) {
      body.set_type(body.inputs()[i], types[i]);
    }
    InferenceScope inner{body, nullptr, bindings, {}, &elements_left_};
    infer(inner, depth + 1);
    for (size_t j = 0; j < std::min(node.outputs.size(), body.outputs().size()); ++j) {
      take_type(scope.graph, node, j, body.value(body.outputs()[j]).type);
    }
  }

  const Model& model_;
  const TypeRule& rule_;
  // Functions that call others several times grow exponentially when they are expanded.
  int64_t called_nodes_left_ = 300'000;
  int64_t elements_left_ = int64_t{1} << 20;
  std::string complaint_;
};

}  // namespace

void infer_graph_types(Graph& graph) {
  const Model no_functions;
  const TypeRule no_rule;
  ModelInference inference(no_functions, no_rule);
  inference.infer(graph);
}

void infer_model_types(Model& model, const TypeRule& rule) {
  ModelInference inference(model, rule);
  inference.infer(model.graph);
  if (!inference.first_complaint().empty()) {
    warn(fmt::format("{}{}types do not fit: {}", model.path, model.path.empty() ? "" : ": ",
                     inference.first_complaint()));
  }
}

}  // namespace convoy
