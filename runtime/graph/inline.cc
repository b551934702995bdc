#include "runtime/graph/inline.h"

namespace convoy {
namespace {

class Inliner {
 public:
  Inliner(Graph& into, const Graph& body, std::string_view prefix)
      : into_(into), body_(body), prefix_(prefix) {
    mapped_.assign(body.value_count(), ValueId::kNone);
  }

  std::vector<ValueId> run(std::span<const ValueId> inputs) {
    for (size_t i = 0; i < body_.inputs().size(); ++i) {
      if (i < inputs.size()) mapped_[index_of(body_.inputs()[i])] = inputs[i];
    }
    for (const Graph::Capture& capture : body_.captures()) {
      mapped_[index_of(capture.inner)] = capture.outer;
    }
    for (size_t i = 0; i < body_.value_count(); ++i) {
      auto id = static_cast<ValueId>(i);
      const Tensor* constant = body_.constant(id);
      if (constant == nullptr || mapped_[i] != ValueId::kNone) continue;
      mapped_[i] = into_.add_constant(*constant, prefix_ + body_.value_name(id));
    }
    for (NodeId id : body_.topological_order()) copy(body_.node(id));
    std::vector<ValueId> outputs;
    for (ValueId output : body_.outputs()) outputs.push_back(map(output));
    return outputs;
  }

 private:
  ValueId map(ValueId id) const {
    return id == ValueId::kNone ? ValueId::kNone : mapped_[index_of(id)];
  }

  void copy(const Node& source) {
    Node node = source;
    if (!node.name.empty()) node.name = prefix_ + node.name;
    for (ValueId& input : node.inputs) input = map(input);
    for (ValueId& output : node.outputs) {
      if (output == ValueId::kNone) continue;
      const ValueInfo& info = body_.value(output);
      ValueId copied = into_.add_value(prefix_ + info.name, info.type);
      mapped_[index_of(output)] = copied;
      output = copied;
    }
    for (auto& [key, value] : node.attributes) {
      if (auto* graph = std::get_if<std::shared_ptr<Graph>>(&value)) adopt(*graph);
      if (auto* graphs = std::get_if<std::vector<std::shared_ptr<Graph>>>(&value)) {
        for (auto& graph : *graphs) adopt(graph);
      }
    }
    into_.add_node(std::move(node));
  }

  void adopt(std::shared_ptr<Graph>& graph) {
    graph = std::make_shared<Graph>(graph->clone());
    graph->remap_captures([this](ValueId outer) { return map(outer); });
  }

  Graph& into_;
  const Graph& body_;
  std::string prefix_;
  std::vector<ValueId> mapped_;
};

}  // namespace

std::vector<ValueId> inline_graph(Graph& into, const Graph& body, std::span<const ValueId> inputs,
                                  std::string_view prefix) {
  return Inliner(into, body, prefix).run(inputs);
}

}  // namespace convoy
