#include "runtime/op/work.h"

#include <algorithm>
#include <iterator>

#include "runtime/graph/node_attributes.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

// Each of `positions` is multiplied with all weights that one index of the first axis has.
double meeting_weights(const ValueType& positions, const ValueType& weights) {
  const double first = estimated_size(weights, 0);
  return first == 0 ? 0 : estimated_elements(positions) * estimated_elements(weights) / first;
}

}  // namespace

OperandTypes OperandTypes::of(const Graph& graph, const Node& node) {
  OperandTypes types;
  auto type_of = [&](ValueId id) {
    return id == ValueId::kNone ? ValueType{} : graph.value(id).type;
  };
  for (ValueId input : node.inputs) types.inputs.push_back(type_of(input));
  for (ValueId output : node.outputs) types.outputs.push_back(type_of(output));
  return types;
}

OperandTypes OperandTypes::of(const std::vector<TensorDesc>& inputs,
                              const std::vector<TensorDesc>& outputs) {
  OperandTypes types;
  auto type_of = [](const TensorDesc& desc) { return ValueType::tensor(desc.dtype, desc.shape); };
  std::ranges::transform(inputs, std::back_inserter(types.inputs), type_of);
  std::ranges::transform(outputs, std::back_inserter(types.outputs), type_of);
  return types;
}

double estimated_elements(const ValueType& type) {
  double count = 1;
  for (int axis = 0; axis < type.rank(); ++axis) count *= estimated_size(type, axis);
  return count;
}

double estimated_bytes(const ValueType& type) {
  if (!type.is_tensor() || !type.shape) return 0;
  return static_cast<double>(std::max<size_t>(size_of(type.dtype), 1)) * estimated_elements(type);
}

double estimated_size(const ValueType& type, int axis) {
  if (axis < 0) axis += type.rank();
  if (axis < 0 || axis >= type.rank()) return 1;
  const Dimension& dimension = (*type.shape)[static_cast<size_t>(axis)];
  return dimension.known() ? static_cast<double>(dimension.size) : 1;
}

double multiply_adds(const Registry& registry, const Graph& graph, const Node& node) {
  const OpDef* definition = registry.find(node);
  if (definition == nullptr || !definition->multiply_adds) return 0;
  return definition->multiply_adds(node, OperandTypes::of(graph, node));
}

double multiply_adds_of_conv(const Node&, const OperandTypes& types) {
  return meeting_weights(types.output(0), types.input(1));
}

double multiply_adds_of_conv_transpose(const Node&, const OperandTypes& types) {
  return meeting_weights(types.input(0), types.input(1));
}

double multiply_adds_of_matmul(const Node& node, const OperandTypes& types) {
  const bool transposed = integer_of(node, "transA", 0) != 0;
  return estimated_elements(types.output(0)) * estimated_size(types.input(0), transposed ? -2 : -1);
}

// X [steps, batch, inputs], W [directions, gates, inputs], R [directions, gates, hidden]
double multiply_adds_of_recurrent(const Node&, const OperandTypes& types) {
  const ValueType& x = types.input(0);
  return estimated_size(x, 0) * estimated_size(x, 1) *
         (estimated_elements(types.input(1)) + estimated_elements(types.input(2)));
}

}  // namespace convoy
