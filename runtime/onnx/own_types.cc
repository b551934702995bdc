#include "runtime/onnx/own_types.h"

#include <algorithm>

#include "runtime/graph/einsum_equation.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

bool has_empty_axes(const InferenceScope& scope, const Node& node) {
  if (const Tensor* axes = scope.constant(node.input(1))) return axes->count() == 0;
  auto listed = integers_of(node, "axes");
  return listed && listed->empty();
}

ValueType squeezed(const ValueType& x) {
  ValueType result = ValueType::tensor(x.dtype);
  // A size that is not known may be 1.
  if (!x.is_static()) return result;
  result.shape = x.shape;
  std::erase_if(*result.shape, [](const Dimension& dimension) { return dimension.size == 1; });
  return result;
}

bool names_one_element(const ValueType& data, const ValueType& indices) {
  return indices.rank() == 1 && data.rank() > 0 && (*indices.shape)[0].size == data.rank();
}

}  // namespace

std::vector<ValueType> own_types(const InferenceScope& scope, const Node& node) {
  std::vector<ValueType> types;
  for (ValueId input : node.inputs) {
    types.push_back(input == ValueId::kNone ? ValueType{} : scope.graph.value(input).type);
  }
  if (types.empty()) return {};
  if (node.is("Einsum")) return {infer_einsum(text_of(node, "equation", ""), types)};
  if (node.is("Squeeze") && has_empty_axes(scope, node)) return {squeezed(types[0])};
  if (node.is("GatherND") && types.size() > 1 && names_one_element(types[0], types[1])) {
    return {ValueType::tensor(types[0].dtype, Shape{})};
  }
  return {};
}

}  // namespace convoy
