#include "tools/convoy/model_figures.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "runtime/graph/node_attributes.h"
#include "runtime/op/registry.h"

namespace convoy::cli {
namespace {

double operations_of(const Registry& registry, const Graph& graph, const Node& node) {
  static const std::set<std::string_view> kMoving = {
      "Reshape",  "Transpose",       "Squeeze",   "Unsqueeze", "Flatten", "Gather",
      "Slice",    "Split",           "Concat",    "Shape",     "Size",    "Identity",
      "Constant", "Expand",          "Cast",      "Pad",       "Tile",    "Range",
      "Where",    "ConstantOfShape", "ScatterND", "GatherND",  "If",      "Loop",
      "Scan",     "DepthToSpace"};
  if (!node.domain.empty() || node.outputs.empty() || kMoving.contains(node.op_type)) return 0;
  if (double products = multiply_adds(registry, graph, node)) return 2 * products;
  const OperandTypes types = OperandTypes::of(graph, node);
  double out = estimated_elements(types.outputs[0]);
  if (auto kernel = integers_of(node, "kernel_shape")) {
    for (int64_t size : *kernel) out *= static_cast<double>(size);
    return out;
  }
  return std::max(out, types.inputs.empty() ? 0 : estimated_elements(types.inputs[0]));
}

void add(const Registry& registry, const Graph& graph, ModelFigures& figures) {
  for (size_t i = 0; i < graph.value_count(); ++i) {
    const ValueInfo& info = graph.value(static_cast<ValueId>(i));
    if (info.removed || !info.initializer) continue;
    figures.weights += info.initializer->count();
    figures.weight_bytes +=
        info.initializer->count() * static_cast<int64_t>(size_of(info.initializer->dtype()));
  }
  for (size_t i = 0; i < graph.node_limit(); ++i) {
    auto id = static_cast<NodeId>(i);
    if (!graph.contains(id)) continue;
    ++figures.nodes;
    figures.operations += operations_of(registry, graph, graph.node(id));
    graph.node(id).for_each_body([&](Graph& body) { add(registry, body, figures); });
  }
}

}  // namespace

ModelFigures figures_of(const Graph& graph) {
  ModelFigures figures;
  add(Registry::standard(), graph, figures);
  return figures;
}

}  // namespace convoy::cli
