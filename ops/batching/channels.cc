// Operators that treat every (batch, channel) plane alike: pooling and BatchNormalization.
#include "ops/batching/rules.h"
#include "ops/batching/stack_constants.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {

std::vector<BatchedForm> batch_pool(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!request.is_stacked(0) || request.operands.size() != 1) return forms;
  Node like = request.node;
  for (StackLayout layout : {StackLayout::fold(1), StackLayout::fold_minor(1),
                             StackLayout::fold_minor(0), StackLayout::fold(0)}) {
    forms.push_back({{layout}, layout, 0,
                     [like](GraphBuilder& builder, std::span<const ValueId> operands,
                            const ValueType& type) {
                       return builder.node_like(like, {operands[0]}, type);
                     }});
  }
  return forms;
}

std::vector<BatchedForm> batch_batch_normalization(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!request.is_stacked(0) || request.operands.size() != 5) return forms;
  if (integer_of(request.node, "training_mode", 0) != 0 || request.node.version < 9) return forms;
  bool equal = true;
  for (size_t i = 1; i < 5; ++i) {
    if (!request.is_constant(i)) return forms;
    equal = equal && request.operands[i].equal;
  }
  Node like = request.node;
  std::vector<BatchedOperand> parameters(request.operands.begin() + 1, request.operands.end());
  auto form = [&](StackLayout layout, bool folded) {
    return BatchedForm{
        std::vector(5, layout), layout, 0,
        [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
          std::vector<ValueId> inputs = {operands[0]};
          for (const BatchedOperand& parameter : parameters) {
            Tensor vector = folded ? stacked_vector(parameter.constants, layout.kind)
                                   : parameter.constants[0];
            inputs.push_back(builder.constant(vector));
          }
          return builder.node_like(like, std::move(inputs), type);
        }};
  };
  if (equal) {
    for (int axis = 2; axis <= request.output.rank(); ++axis) {
      forms.push_back(form(StackLayout::on_axis(axis), false));
    }
    forms.push_back(form(StackLayout::fold_minor(0), false));
    forms.push_back(form(StackLayout::fold(0), false));
  }
  forms.push_back(form(StackLayout::fold_minor(1), true));
  forms.push_back(form(StackLayout::fold(1), true));
  return forms;
}

}  // namespace convoy
