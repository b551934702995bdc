// Pooling, which treats every (batch, channel) plane alike.
#include "ops/batching/rules.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {

Node window_along_axis(const Node& node, int rank, int axis) {
  Node higher = node;
  auto insert = [&](const char* name, int64_t value, size_t at) {
    auto list = integers_of(higher, name);
    if (!list) return;
    list->insert(list->begin() + static_cast<int64_t>(at), value);
    higher.attributes[name] = *list;
  };
  auto at = static_cast<size_t>(axis - 2);
  auto spatial = static_cast<size_t>(rank - 2);
  insert("kernel_shape", 1, at);
  insert("strides", 1, at);
  insert("dilations", 1, at);
  insert("output_padding", 0, at);
  insert("pads", 0, spatial + at);
  insert("pads", 0, at);
  return higher;
}

std::vector<BatchedForm> batch_pool(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!request.is_stacked(0) || request.operands.size() != 1) return forms;
  Node like = request.node;
  for (StackLayout layout : {StackLayout::fold(1), StackLayout::fold_minor(1),
                             StackLayout::fold_minor(0), StackLayout::fold(0)}) {
    forms.push_back(
        {{layout},
         layout,
         0,
         [like](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           return builder.node_like(like, {operands[0]}, type);
         }});
  }
  // A window of 1 on the stacked axis.
  bool windowed = like.attributes.contains("kernel_shape") && request.output.rank() < 5;
  for (int axis = 2; axis <= request.output.rank() && windowed; ++axis) {
    StackLayout layout = StackLayout::on_axis(axis);
    Node higher = window_along_axis(like, request.output.rank(), axis);
    forms.push_back(
        {{layout},
         layout,
         0,
         [higher](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           return builder.node_like(higher, {operands[0]}, type);
         }});
  }
  return forms;
}

}  // namespace convoy
