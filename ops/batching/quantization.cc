// QuantizeLinear and DequantizeLinear of siblings: scales and zero points of the members become
// those of an axis.
#include <algorithm>

#include "ops/batching/rules.h"
#include "ops/batching/stack_constants.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

bool is_one_number(const BatchedOperand& operand) {
  return std::all_of(operand.constants.begin(), operand.constants.end(),
                     [](const Tensor& tensor) { return tensor.defined() && tensor.count() == 1; });
}

// One number a member for each index of the axis that the members are stacked on or folded into,
// of `length` indices in each of them.
Tensor along_stack(const BatchedOperand& operand, StackLayout layout, int64_t length) {
  std::vector<Tensor> vectors;
  for (const Tensor& number : operand.constants) {
    vectors.push_back(broadcast_tensor(number.contiguous().reshaped({1}), {length}));
  }
  return stacked_vector(vectors, layout.kind);
}

}  // namespace

std::vector<BatchedForm> batch_quantization(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!request.is_stacked(0) || !request.is_constant(1) || !is_one_number(request.operands[1]) ||
      (request.has(2) && (!request.is_constant(2) || !is_one_number(request.operands[2])))) {
    return forms;
  }
  if (request.operands[1].equal && (!request.has(2) || request.operands[2].equal)) {
    return batch_unary(request);
  }
  if (request.node.version < 13) return forms;  // one scale for all before
  if (!keeps_rank(request)) return forms;
  for (StackLayout layout : all_layouts(request.output.rank())) {
    int64_t length = 1;
    if (layout.kind != StackLayout::Kind::kAxis) {
      length = (*request.output.shape)[static_cast<size_t>(layout.axis)].size;
    }
    if (length < 0 || length > kMostFilled / request.count) continue;
    Node like = request.node;
    like.attributes.erase("block_size");  // one scale a member is none of blocks
    like.attributes["axis"] = int64_t{layout.axis};
    std::vector<BatchedOperand> numbers(request.operands.begin() + 1, request.operands.end());
    forms.push_back(
        {std::vector(request.operands.size(), layout), layout, 0,
         [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           std::vector<ValueId> inputs = {operands[0]};
           for (const BatchedOperand& number : numbers) {
             if (number.constants.empty()) continue;
             inputs.push_back(builder.constant(along_stack(number, layout, length)));
           }
           return builder.node_like(like, std::move(inputs), type);
         }});
  }
  return forms;
}

}  // namespace convoy
