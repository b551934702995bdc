// If whose condition is constant becomes the branch that is taken.
#include "ops/rewrites/rules.h"
#include "runtime/graph/inline.h"
#include "runtime/rewrite/driver.h"

namespace convoy {
namespace {

// nullptr where it is not known, or gives fewer values than the node has outputs.
std::shared_ptr<Graph> taken_branch(const Graph& graph, const Node& node) {
  const Tensor* condition = node.has_input(0) ? graph.constant(node.input(0)) : nullptr;
  if (condition == nullptr || condition->dtype() != DType::kBool || condition->count() != 1) {
    return nullptr;
  }
  auto found = node.attributes.find(*condition->data<bool>() ? "then_branch" : "else_branch");
  if (found == node.attributes.end()) return nullptr;
  const auto* body = std::get_if<std::shared_ptr<Graph>>(&found->second);
  if (body == nullptr || *body == nullptr || !(*body)->inputs().empty()) return nullptr;
  return (*body)->outputs().size() < node.outputs.size() ? nullptr : *body;
}

void inline_branches(GraphEditor& editor) {
  const Graph& graph = editor.graph();
  for (NodeId id : graph.topological_order()) {
    if (!graph.contains(id) || !graph.node(id).is("If")) continue;
    if (!editor.may_fire()) return;
    std::shared_ptr<Graph> body = taken_branch(graph, graph.node(id));
    if (!body) {
      editor.near_miss(id, "the condition is not constant, or the branch does not fit");
      continue;
    }
    editor.inline_body(id, *body);
  }
}

}  // namespace

std::vector<RewriteStep> inline_constant_if() {
  return {Pass{"inline_constant_if", RuleSet::kPortable, inline_branches}};
}

}  // namespace convoy
