#include "tools/convoy/model_figures.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "runtime/graph/node_attributes.h"

namespace convoy::cli {
namespace {

double elements(const Graph& graph, ValueId value) {
  if (value == ValueId::kNone) return 0;
  const ValueType& type = graph.value(value).type;
  double count = 1;
  if (!type.is_tensor() || !type.shape) return count;
  for (const Dimension& dim : *type.shape) {
    count *= dim.known() ? static_cast<double>(dim.size) : 1;
  }
  return count;
}

double dimension(const Graph& graph, ValueId value, int64_t axis) {
  const ValueType& type = graph.value(value).type;
  if (!type.shape) return 1;
  if (axis < 0) axis += type.rank();
  if (axis < 0 || axis >= type.rank()) return 1;
  const Dimension& dim = (*type.shape)[static_cast<size_t>(axis)];
  return dim.known() ? static_cast<double>(dim.size) : 1;
}

// Elements of a weight behind its first `skipped` axes.
double weight_elements(const Graph& graph, ValueId weight, int skipped) {
  double count = 1;
  for (int i = skipped; i < graph.value(weight).type.rank(); ++i) {
    count *= dimension(graph, weight, i);
  }
  return count;
}

double operations_of(const Graph& graph, const Node& node) {
  static const std::set<std::string_view> kMoving = {
      "Reshape",  "Transpose",       "Squeeze",   "Unsqueeze", "Flatten", "Gather",
      "Slice",    "Split",           "Concat",    "Shape",     "Size",    "Identity",
      "Constant", "Expand",          "Cast",      "Pad",       "Tile",    "Range",
      "Where",    "ConstantOfShape", "ScatterND", "GatherND",  "If",      "Loop",
      "Scan",     "DepthToSpace"};
  if (!node.domain.empty() || node.outputs.empty() || kMoving.contains(node.op_type)) return 0;
  double out = elements(graph, node.outputs[0]);
  if (node.op_type == "Conv" && node.has_input(1)) {
    return 2 * out * weight_elements(graph, node.inputs[1], 1);
  }
  if (node.op_type == "ConvTranspose" && node.has_input(1)) {
    return 2 * elements(graph, node.inputs[0]) * weight_elements(graph, node.inputs[1], 1);
  }
  if (node.op_type == "MatMul") return 2 * out * dimension(graph, node.inputs[0], -1);
  if (node.op_type == "Gemm") {
    int64_t axis = integer_of(node, "transA", 0) != 0 ? 0 : 1;
    return 2 * out * dimension(graph, node.inputs[0], axis);
  }
  if (auto kernel = integers_of(node, "kernel_shape")) {
    for (int64_t size : *kernel) out *= static_cast<double>(size);
    return out;
  }
  return std::max(out, node.inputs.empty() ? 0 : elements(graph, node.inputs[0]));
}

void add(const Graph& graph, ModelFigures& figures) {
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
    figures.operations += operations_of(graph, graph.node(id));
    graph.node(id).for_each_body([&](Graph& body) { add(body, figures); });
  }
}

}  // namespace

ModelFigures figures_of(const Graph& graph) {
  ModelFigures figures;
  add(graph, figures);
  return figures;
}

}  // namespace convoy::cli
