#include "runtime/session/expand_functions.h"

#include <fmt/ranges.h>

#include <map>

#include "runtime/graph/inline.h"
#include "runtime/onnx/inference.h"
#include "runtime/op/type_rule.h"
#include "runtime/session/expand_gradients.h"

namespace convoy {
namespace {

constexpr int kMaxDepth = 64;  // of functions that call functions
// Functions that call others several times grow exponentially. No exporter comes near.
constexpr size_t kMostNodes = 300'000;

class Expander {
 public:
  Expander(Model& model, const Registry& registry) : model_(model), registry_(registry) {}

  void expand(Graph& graph, int depth) {
    check_model(depth < kMaxDepth, "functions call each other more than {} deep", kMaxDepth);
    bool again = true;
    for (int round = 0; again; ++round) {
      check_model(round < kMaxDepth, "functions call each other more than {} deep", kMaxDepth);
      again = false;
      for (NodeId id : graph.topological_order()) again = expand_node(graph, id) || again;
    }
    expand_gradients(graph);
    for (NodeId id : graph.topological_order()) {
      const Node& node = graph.node(id);
      note_missing(graph, node);
      if (!node.has_bodies()) continue;
      node.for_each_body([&](Graph& body) { expand(body, depth + 1); });
      graph.refresh_captures(id);
    }
  }

  const std::map<std::string, std::vector<std::string>>& missing() const { return missing_; }

 private:
  bool expand_node(Graph& graph, NodeId id) {
    const Node& node = graph.node(id);
    if (const Function* function = model_function(node)) {
      replace(graph, id, instantiate(*function, node));
      return true;
    }
    const OpDef* definition = registry_.find(node);
    if (definition != nullptr && !definition->kernels.empty()) return false;
    // Some bodies depend on the types of their inputs.
    if (!typed_) infer_model_types(model_, type_rule(registry_));
    typed_ = true;
    std::vector<ValueType> types;
    for (ValueId input : node.inputs) {
      types.push_back(input == ValueId::kNone ? ValueType{} : graph.value(input).type);
    }
    if (definition != nullptr && definition->body) {
      return expand_text(graph, id, *definition, types);
    }
    if (auto body = function_body(node, types)) {
      replace(graph, id, *body);
      return true;
    }
    return false;
  }

  // What lies between a Gradient's tensors is expanded by then; its own node depends on none of it.
  void expand_gradients(Graph& graph) {
    for (NodeId id : graph.topological_order()) {
      if (!is_gradient(graph.node(id))) continue;
      infer_model_types(model_, type_rule(registry_));
      expand_gradient(graph, id);
    }
  }

  bool expand_text(Graph& graph, NodeId id, const OpDef& definition,
                   const std::vector<ValueType>& types) {
    const Node& node = graph.node(id);
    const ErrorContext place{"", node.label(graph), node.qualified_type(), ""};
    try {
      std::string text = definition.body(node, types);
      if (text.empty()) return false;
      replace(graph, id, function_body_from_text(text, node, types));
      return true;
    } catch (Error& error) {
      error.add_context(place);
      throw;
    }
  }

  void note_missing(const Graph& graph, const Node& node) {
    const OpDef* definition = registry_.find(node);
    if (definition != nullptr && !definition->kernels.empty()) return;
    std::string key = fmt::format("{}-{}", node.qualified_type(), node.version);
    missing_[key].push_back(node.label(graph));
  }

  const Function* model_function(const Node& node) const {
    for (const Function& function : model_.functions) {
      bool same = function.domain == node.domain && function.name == node.op_type &&
                  function.overload == node.overload;
      if (same) return &function;
    }
    return nullptr;
  }

  // The body with references to attributes replaced by the caller's values.
  static Graph instantiate(const Function& function, const Node& call) {
    Graph body = function.body->clone();
    substitute(body, function, call);
    return body;
  }

  static void substitute(Graph& body, const Function& function, const Node& call) {
    for (NodeId id : body.topological_order()) {
      Attributes& attributes = body.mutable_node(id).attributes;
      for (auto entry = attributes.begin(); entry != attributes.end();) {
        const auto* reference = std::get_if<AttributeReference>(&entry->second);
        if (reference == nullptr) {
          ++entry;
          continue;
        }
        if (const AttributeValue* value = lookup(reference->name, function, call)) {
          entry->second = *value;
          ++entry;
        } else {
          entry = attributes.erase(entry);
        }
      }
      body.node(id).for_each_body([&](Graph& inner) { substitute(inner, function, call); });
    }
  }

  static const AttributeValue* lookup(const std::string& name, const Function& function,
                                      const Node& call) {
    if (auto found = call.attributes.find(name); found != call.attributes.end()) {
      return &found->second;
    }
    auto found = function.attribute_defaults.find(name);
    return found == function.attribute_defaults.end() ? nullptr : &found->second;
  }

  void replace(Graph& graph, NodeId id, const Graph& body) {
    inlined_ += body.node_limit();
    check_supported(inlined_ <= kMostNodes, "the functions of the model are more than {} nodes",
                    kMostNodes);
    const Node node = graph.node(id);
    std::vector<ValueId> results = inline_graph(graph, body, node.inputs, node.label(graph) + "/");
    for (size_t j = 0; j < node.outputs.size(); ++j) {
      if (node.outputs[j] == ValueId::kNone) continue;
      bool computed = j < results.size() && results[j] != ValueId::kNone;
      check_model(computed, "the body of {} has no output {}", node.qualified_type(), j);
      if (graph.value(results[j]).type.kind == ValueType::Kind::kUnknown) {
        graph.set_type(results[j], graph.value(node.outputs[j]).type);
      }
      graph.replace_uses(node.outputs[j], results[j]);
    }
    graph.remove_node(id);
  }

  Model& model_;
  const Registry& registry_;
  bool typed_ = false;
  size_t inlined_ = 0;  // nodes
  std::map<std::string, std::vector<std::string>> missing_;
};

std::vector<std::string> describe(const std::map<std::string, std::vector<std::string>>& missing) {
  constexpr size_t kNamed = 5;
  std::vector<std::string> lines;
  for (const auto& [op, nodes] : missing) {
    std::vector<std::string> first(nodes.begin(), nodes.begin() + std::min(nodes.size(), kNamed));
    std::string more =
        nodes.size() > kNamed ? fmt::format(" and {} more", nodes.size() - kNamed) : "";
    lines.push_back(fmt::format("{} ({}{})", op, fmt::join(first, ", "), more));
  }
  return lines;
}

}  // namespace

void expand_functions(Model& model, const Registry& registry) {
  Expander expander(model, registry);
  expander.expand(model.graph, 0);
  std::vector<std::string> missing = describe(expander.missing());
  check_supported(missing.empty(), "operators that are not supported: {}",
                  fmt::join(missing, "; "));
}

std::vector<std::string> unsupported_operators(const Model& model, const Registry& registry) {
  Model copy;
  copy.functions = model.functions;
  copy.graph = model.graph.clone();
  Expander expander(copy, registry);
  expander.expand(copy.graph, 0);
  return describe(expander.missing());
}

}  // namespace convoy
