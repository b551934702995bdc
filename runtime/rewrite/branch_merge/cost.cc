#include "runtime/rewrite/branch_merge/cost.h"

#include <algorithm>

namespace convoy {

MergeCost MergeCost::of(RewriteTarget target) {
  if (target == RewriteTarget::kConvoy) return {2.0, 0.05, 0.05, 5e-5, 1e-5, 1e-4};
  return {3.0, 1.0, -1, 1e-4, 1e-4, 1e-4};
}

double estimated_bytes(const ValueType& type) {
  if (!type.is_tensor() || !type.shape) return 0;
  double bytes = static_cast<double>(std::max<size_t>(size_of(type.dtype), 1));
  for (const Dimension& dim : *type.shape) bytes *= dim.known() ? static_cast<double>(dim.size) : 1;
  return bytes;
}

double MergeCost::pass(const ValueType& member, int count) const {
  return node + 2 * bytes * estimated_bytes(member) * count;
}

double MergeCost::change(const ValueType& member, int count, const LayoutChange& change) const {
  bool in_place = slice >= 0 && member.dtype == DType::kFloat32;
  double moved = 2 * (in_place ? transposed_bytes : strided_bytes) * estimated_bytes(member);
  return change.reshapes * view + change.transposes * ((in_place ? view : node) + moved * count);
}

double MergeCost::of_slice(const ValueType& result) const {
  return slice >= 0 ? slice : pass(result, 1);
}

double MergeCost::of_node(const Graph& graph, const Node& node_of) const {
  const std::string& type = node_of.op_type;
  const ValueType& result = graph.value(node_of.outputs[0]).type;
  if (type == "Reshape" || type == "Squeeze" || type == "Unsqueeze" || type == "Flatten" ||
      type == "Identity") {
    return view;
  }
  if (type == "Slice") return of_slice(result);
  if (type == "Split") {
    double all = 0;
    for (ValueId output : node_of.outputs) {
      if (output != ValueId::kNone) all += of_slice(graph.value(output).type);
    }
    return all;
  }
  if (type == "Gather") {
    const Tensor* indices = node_of.has_input(1) ? graph.constant(node_of.input(1)) : nullptr;
    return indices != nullptr && indices->count() == 1 ? of_slice(result) : pass(result, 1);
  }
  if (type == "Transpose") return change(result, 1, {true, 1, 0});
  if (type == "Concat" || type == "ReduceSum") return pass(result, 1);
  return node;
}

}  // namespace convoy
