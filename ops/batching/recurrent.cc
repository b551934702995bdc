// Sibling LSTM, GRU and RNN layers.
#include "ops/batching/rules.h"
#include "ops/batching/stack_constants.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

constexpr size_t kLengths = 4;  // input sequence_lens
constexpr size_t kFirstState = 5;
constexpr size_t kLastState = 6;  // of LSTM: initial_c

bool is_state(size_t slot) { return slot == kFirstState || slot == kLastState; }

// Where the batch stands: in X [seq, batch, in], Y [seq, direction, batch, hidden], and states
// [direction, batch, hidden]; first in all of them with layout = 1.
struct BatchAxes {
  int x, y, state;

  explicit BatchAxes(const Node& node) {
    bool first = integer_of(node, "layout", 0) != 0;
    x = first ? 0 : 1;
    y = first ? 0 : 2;
    state = first ? 0 : 1;
  }
};

bool is_same_for_all(const BatchedOperand& operand) {
  return operand.kind == BatchedOperand::Kind::kAbsent ||
         operand.kind == BatchedOperand::Kind::kShared ||
         (operand.kind == BatchedOperand::Kind::kConstants && operand.equal);
}

bool is_state_of_each(const BatchedOperand& operand) {
  return operand.kind == BatchedOperand::Kind::kAbsent ||
         (operand.kind != BatchedOperand::Kind::kShared && operand.type.rank() == 3);
}

// Constant states of the members, one batch after (or within) the other.
Tensor stacked_state(const BatchedOperand& operand, StackLayout layout) {
  Shape shape = operand.constants[0].shape();
  shape[layout.axis] *= static_cast<int64_t>(operand.constants.size());
  return stack_tensors(operand.constants, layout.position()).reshaped(shape);
}

bool fits(const BatchingRequest& request) {
  if (!request.is_stacked(0) || request.operands[0].type.rank() != 3) return false;
  if (request.has(kLengths)) return false;
  for (size_t i = 1; i < request.operands.size(); ++i) {
    const BatchedOperand& operand = request.operands[i];
    if (is_state(i) ? !is_state_of_each(operand) : !is_same_for_all(operand)) return false;
  }
  return true;
}

}  // namespace

std::vector<BatchedForm> batch_recurrent(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!fits(request)) return forms;
  BatchAxes axes(request.node);
  Node like = request.node;
  int slot = request.output_slot;
  for (StackLayout::Kind kind : {StackLayout::Kind::kFoldMinor, StackLayout::Kind::kFold}) {
    std::vector<StackLayout> layouts(request.operands.size(), {kind, axes.state});
    layouts[0].axis = axes.x;
    StackLayout output{kind, slot == 0 ? axes.y : axes.state};
    std::vector<ValueId> shared;
    std::vector<Tensor> constants;
    for (size_t i = 0; i < request.operands.size(); ++i) {
      const BatchedOperand& operand = request.operands[i];
      shared.push_back(operand.shared);
      bool constant = request.is_constant(i);
      constants.push_back(!constant     ? Tensor()
                          : is_state(i) ? stacked_state(operand, layouts[i])
                                        : operand.constants[0]);
    }
    forms.push_back(
        {layouts, output, 0,
         [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           std::vector<ValueId> inputs(operands.begin(), operands.end());
           for (size_t i = 0; i < inputs.size(); ++i) {
             if (inputs[i] != ValueId::kNone) continue;
             bool fixed = constants[i].defined();
             inputs[i] = fixed ? builder.constant(constants[i]) : shared[i];
           }
           return builder.node_like(like, std::move(inputs), type, slot);
         }});
  }
  return forms;
}

}  // namespace convoy
