#include "runtime/graph/printer.h"

namespace convoy {
namespace {

bool is_body(const AttributeValue& value) {
  return std::holds_alternative<std::shared_ptr<Graph>>(value) ||
         std::holds_alternative<std::vector<std::shared_ptr<Graph>>>(value);
}

std::string attributes_text(const Node& node) {
  std::string text;
  for (const auto& [name, value] : node.attributes) {
    if (is_body(value)) continue;
    text += (text.empty() ? "" : ", ") + name + "=" + to_string(value);
  }
  return text;
}

bool is_constant(const ValueInfo& value) {
  return !value.removed && value.initializer && !value.is_input;
}

class TextPrinter {
 public:
  std::string print(const Graph& graph, int depth) {
    indent_ = std::string(static_cast<size_t>(2 * depth), ' ');
    for (ValueId id : graph.inputs()) {
      bool has_default = graph.value(id).initializer != nullptr;
      line("input {}{}", typed(graph, id), has_default ? " (has a default)" : "");
    }
    for (const Graph::Capture& capture : graph.captures()) {
      line("capture {}", typed(graph, capture.inner));
    }
    for (size_t i = 0; i < graph.value_count(); ++i) {
      auto id = static_cast<ValueId>(i);
      if (is_constant(graph.value(id))) line("constant {}", typed(graph, id));
    }
    for (NodeId id : graph.topological_order()) print_node(graph, graph.node(id), depth);
    for (ValueId id : graph.outputs()) line("output {}", graph.value_name(id));
    return text_;
  }

 private:
  template <typename... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    text_ += indent_ + fmt::format(format, std::forward<Args>(args)...) + "\n";
  }

  static std::string typed(const Graph& graph, ValueId id) {
    const ValueInfo& value = graph.value(id);
    bool unknown = value.type.kind == ValueType::Kind::kUnknown;
    return value.name + (unknown ? "" : ": " + to_string(value.type));
  }

  void print_node(const Graph& graph, const Node& node, int depth) {
    std::string outputs;
    for (ValueId id : node.outputs) {
      outputs += outputs.empty() ? "" : ", ";
      outputs += id == ValueId::kNone ? "-" : typed(graph, id);
    }
    std::string inputs;
    for (ValueId id : node.inputs) {
      inputs += inputs.empty() ? "" : ", ";
      inputs += id == ValueId::kNone ? "-" : graph.value_name(id);
    }
    std::string attributes = attributes_text(node);
    if (!attributes.empty()) attributes = " {" + attributes + "}";
    line("{} = {}-{}({}){}{}", outputs, node.qualified_type(), node.version, inputs, attributes,
         node.name.empty() ? "" : "  # " + node.name);
    for (const auto& [name, value] : node.attributes) {
      if (const auto* body = std::get_if<std::shared_ptr<Graph>>(&value)) {
        print_body(name, **body, depth);
      } else if (const auto* bodies = std::get_if<std::vector<std::shared_ptr<Graph>>>(&value)) {
        for (const auto& one : *bodies) print_body(name, *one, depth);
      }
    }
  }

  void print_body(const std::string& name, const Graph& body, int depth) {
    line("  {}:", name);
    text_ += TextPrinter().print(body, depth + 2);
  }

  std::string indent_;
  std::string text_;
};

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result + "\"";
}

class DotPrinter {
 public:
  std::string print(const Graph& graph) {
    text_ = "digraph convoy {\n  rankdir=TB;\n  node [shape=box, fontname=\"sans-serif\"];\n";
    print_graph(graph, "v");
    return text_ + "}\n";
  }

 private:
  // Value ids of different graphs are told apart by the prefix, which grows with the nesting.
  void print_graph(const Graph& graph, const std::string& prefix) {
    for (size_t i = 0; i < graph.value_count(); ++i) {
      auto id = static_cast<ValueId>(i);
      const ValueInfo& value = graph.value(id);
      bool source = value.is_input || is_constant(value);
      if (!value.removed && source) print_value(value, source_name(prefix, id), "ellipse");
    }
    for (const Graph::Capture& capture : graph.captures()) {
      print_value(graph.value(capture.inner), source_name(prefix, capture.inner), "hexagon");
    }
    for (NodeId id : graph.topological_order()) print_node(graph, graph.node(id), prefix);
    for (ValueId id : graph.outputs()) {
      std::string name = prefix + "out" + std::to_string(index_of(id));
      print_value(graph.value(id), name, "ellipse");
      print_edge(graph, id, name, prefix);
    }
  }

  static std::string source_name(const std::string& prefix, ValueId id) {
    return prefix + "val" + std::to_string(index_of(id));
  }
  static std::string node_name(const std::string& prefix, NodeId id) {
    return prefix + "node" + std::to_string(index_of(id));
  }

  void print_value(const ValueInfo& value, const std::string& name, std::string_view shape) {
    text_ += fmt::format("  {} [shape={}, label={}];\n", name, shape, quoted(value.name));
  }

  void print_edge(const Graph& graph, ValueId id, const std::string& to,
                  const std::string& prefix) {
    const ValueInfo& value = graph.value(id);
    bool computed = value.producer != NodeId::kNone;
    std::string from = computed ? node_name(prefix, value.producer) : source_name(prefix, id);
    bool unknown = value.type.kind == ValueType::Kind::kUnknown;
    text_ += fmt::format("  {} -> {} [label={}];\n", from, to,
                         quoted(unknown ? "" : to_string(value.type)));
  }

  void print_node(const Graph& graph, const Node& node, const std::string& prefix) {
    std::string name = node_name(prefix, node.id);
    std::string label = node.qualified_type();
    if (!node.name.empty()) label += " '" + node.name + "'";
    text_ += fmt::format("  {} [label={}, tooltip={}];\n", name, quoted(label),
                         quoted(attributes_text(node)));
    for (ValueId id : node.inputs) {
      if (id != ValueId::kNone) print_edge(graph, id, name, prefix);
    }
    int index = 0;
    node.for_each_body([&](Graph& body) {
      std::string inner = fmt::format("{}b{}_", name, index++);
      text_ += fmt::format("  subgraph cluster_{} {{\n  label={};\n", inner, quoted(label));
      print_graph(body, inner);
      text_ += "  }\n";
      for (const Graph::Capture& capture : body.captures()) {
        print_edge(graph, capture.outer, source_name(inner, capture.inner), prefix);
      }
    });
  }

  std::string text_;
};

}  // namespace

std::string to_text(const Graph& graph) { return TextPrinter().print(graph, 0); }

std::string to_dot(const Graph& graph) { return DotPrinter().print(graph); }

}  // namespace convoy
