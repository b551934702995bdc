#include "loaders/onnx/fixed_sizes.h"

#include "runtime/base/error.h"

namespace convoy {
namespace {

using Sizes = std::map<std::string, int64_t>;

void check_sizes(const Sizes& sizes) {
  for (const auto& [name, size] : sizes) {
    check_input(size >= 0, "the size {} given for '{}' is negative", size, name);
  }
}

onnx::TensorShapeProto* shape_of(onnx::TypeProto& type) {
  if (type.has_tensor_type() && type.tensor_type().has_shape()) {
    return type.mutable_tensor_type()->mutable_shape();
  }
  if (type.has_sequence_type()) return shape_of(*type.mutable_sequence_type()->mutable_elem_type());
  if (type.has_optional_type()) return shape_of(*type.mutable_optional_type()->mutable_elem_type());
  return nullptr;
}

void fix_type(onnx::ValueInfoProto& value, const Sizes& sizes) {
  onnx::TensorShapeProto* shape = value.has_type() ? shape_of(*value.mutable_type()) : nullptr;
  if (shape == nullptr) return;
  for (auto& dimension : *shape->mutable_dim()) {
    auto found = sizes.find(dimension.dim_param());
    if (dimension.has_dim_param() && found != sizes.end()) dimension.set_dim_value(found->second);
  }
}

void fix_graph(onnx::GraphProto& graph, const Sizes& sizes) {
  for (auto* values : {graph.mutable_input(), graph.mutable_output(), graph.mutable_value_info()}) {
    for (auto& value : *values) fix_type(value, sizes);
  }
  for (auto& node : *graph.mutable_node()) {
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) fix_graph(*attribute.mutable_g(), sizes);
      for (auto& body : *attribute.mutable_graphs()) fix_graph(body, sizes);
    }
  }
}

}  // namespace

void fix_sizes(onnx::ModelProto& model, const Sizes& by_symbol, const Sizes& by_denotation) {
  check_sizes(by_symbol);
  check_sizes(by_denotation);
  if (!model.has_graph() || (by_symbol.empty() && by_denotation.empty())) return;
  Sizes sizes = by_symbol;
  for (auto& input : *model.mutable_graph()->mutable_input()) {
    onnx::TensorShapeProto* shape = input.has_type() ? shape_of(*input.mutable_type()) : nullptr;
    if (shape == nullptr) continue;
    for (auto& dimension : *shape->mutable_dim()) {
      auto found = by_denotation.find(dimension.denotation());
      if (dimension.has_dim_value() || found == by_denotation.end()) continue;
      if (dimension.has_dim_param()) sizes.emplace(dimension.dim_param(), found->second);
      dimension.set_dim_value(found->second);
    }
  }
  fix_graph(*model.mutable_graph(), sizes);
}

}  // namespace convoy
