#include "ops/rewrites/branch_merge/cost.h"

#include <algorithm>

#include "runtime/graph/node_attributes.h"
#include "runtime/op/work.h"

namespace convoy {
namespace {

// A Gather or Concat along the last axis of values that are short there.
bool takes_elements(const Graph& graph, const Node& node) {
  const ValueType& first = graph.value(node.inputs[0]).type;
  int rank = first.rank();
  int64_t axis = integer_of(node, "axis", 0);
  if (rank < 1 || (axis < 0 ? axis + rank : axis) != rank - 1) return false;
  if (node.op_type == "Gather") return true;
  const Dimension& last = first.shape->back();
  return last.known() && last.size <= 4;
}

// How many products of two matrices a MatMul makes; one where the second is a matrix.
double products(const Graph& graph, const Node& node) {
  const ValueType& right = graph.value(node.inputs[1]).type;
  const ValueType& result = graph.value(node.outputs[0]).type;
  if (right.rank() < 3 || !result.shape) return 1;
  double count = 1;
  for (int i = 0; i + 2 < result.rank(); ++i) count *= estimated_size(result, i);
  return count;
}

// Rows are copied whole, or the last two axes change places: runtimes have fast ways for both.
bool moves_rows(const Node& transpose) {
  auto perm = integers_of(transpose, "perm");
  if (!perm || perm->size() < 2) return false;
  auto rank = static_cast<int64_t>(perm->size());
  bool whole_rows = perm->back() == rank - 1;
  if (perm->back() == rank - 2 && (*perm)[perm->size() - 2] == rank - 1) {
    std::swap(perm->back(), (*perm)[perm->size() - 2]);
    return std::is_sorted(perm->begin(), perm->end());
  }
  return whole_rows;
}

}  // namespace

MergeCost MergeCost::of(RewriteTarget target) {
  if (target == RewriteTarget::kConvoy) return {2e-6, 5e-8, 5e-8, 5e-11, 1e-11, 1e-10};
  // ONNX Runtime 1.31, one thread: docs/rewrites.md has the figures these were fitted to.
  return {2e-6, 7e-7, -1, 1e-10, 1.2e-10, 1.2e-10};
}

double MergeCost::pass(const ValueType& member, int count) const {
  return node + 2 * bytes * estimated_bytes(member) * count;
}

double MergeCost::change(const ValueType& member, int count, const LayoutChange& change) const {
  bool in_place = slice >= 0 && is_floating(member.dtype) && member.dtype != DType::kFloat64;
  double moved = 2 * (in_place ? transposed_bytes : strided_bytes) * estimated_bytes(member);
  return change.reshapes * view + change.transposes * ((in_place ? view : node) + moved * count);
}

double MergeCost::of_slice(const ValueType& result) const {
  return slice >= 0 ? slice : pass(result, 1);
}

double MergeCost::of_arithmetic(const Registry& registry, const Graph& graph,
                                const Node& node) const {
  if (!node.has_input(1) || graph.constant(node.input(1)) == nullptr) return 0;
  return 2 * multiply_adds(registry, graph, node) * operation;
}

double MergeCost::of_node(const Registry& registry, const Graph& graph, const Node& node_of) const {
  const std::string& type = node_of.op_type;
  auto made = std::find_if(node_of.outputs.begin(), node_of.outputs.end(),
                           [](ValueId output) { return output != ValueId::kNone; });
  if (made == node_of.outputs.end()) return node;
  const ValueType& result = graph.value(*made).type;
  const OpDef* definition = registry.find(node_of);
  if (type == "Identity" || (definition != nullptr && definition->reshapes)) return view;
  if (type == "Slice") return of_slice(result);
  if (type == "Split") {
    double all = 0;
    for (ValueId output : node_of.outputs) {
      if (output != ValueId::kNone) all += of_slice(graph.value(output).type);
    }
    return all;
  }
  if (type == "Gather" || type == "Concat") {
    const Tensor* indices = type == "Gather" ? graph.constant(node_of.input(1)) : nullptr;
    double once = indices != nullptr && indices->count() == 1 ? of_slice(result) : pass(result, 1);
    return slice < 0 && takes_elements(graph, node_of) ? node + scattered * (once - node) : once;
  }
  if (type == "Transpose") {
    double once = change(result, 1, {1, 0});
    return slice >= 0 || moves_rows(node_of) ? once : node + scattered * (once - node);
  }
  if (type == "MatMul" && slice < 0) return node + product * (products(graph, node_of) - 1);
  if (type == "ReduceSum") {
    return node + bytes * estimated_bytes(graph.value(node_of.inputs[0]).type);
  }
  // Sums of branches may go away with what they read; all others are there before and after. Convoy
  // adds within the convolutions, or in one pass.
  if (slice < 0 && (type == "Add" || type == "Sum")) {
    return node + bytes * estimated_bytes(result) * static_cast<double>(node_of.inputs.size());
  }
  return node;
}

}  // namespace convoy
