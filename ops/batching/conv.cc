// Sibling convolutions as one.
#include <algorithm>
#include <cstdint>
#include <functional>

#include "ops/batching/rules.h"
#include "ops/batching/stack_constants.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

using Kind = StackLayout::Kind;

int64_t output_channels(const Node& node, const Tensor& weight) {
  if (node.op_type == "Conv") return weight.shape()[0];
  return weight.shape()[1] * integer_of(node, "group", 1);
}

// The biases, where any member has one: zeros for those that have none.
BatchedOperand biases_of(const BatchingRequest& request) {
  if (!request.is_constant(2)) return {};
  BatchedOperand biases = request.operands[2];
  const Tensor& weight = request.operands[1].constants[0];
  const Shape shape{output_channels(request.node, weight)};
  for (Tensor& bias : biases.constants) {
    if (!bias.defined()) bias = Tensor::zeros(weight.dtype(), shape);
  }
  return biases;
}

using MakeConstant = std::function<JoinedConstant()>;

// A form of one convolution in `layout`, by constants that are made where it is built; `bias` may
// be empty.
BatchedForm by_constants(const Node& conv, StackLayout layout, MakeConstant weight,
                         MakeConstant bias) {
  return {{layout, {}, {}},
          layout,
          0,
          [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
            std::vector<ValueId> inputs = {operands[0], weight().add_to(builder, "weight")};
            if (bias) inputs.push_back(bias().add_to(builder, "bias"));
            return builder.node_like(conv, std::move(inputs), type);
          }};
}

MakeConstant made_by(JoinedConstant (*make)(const BatchedOperand&), BatchedOperand operand) {
  if (operand.constants.empty()) return nullptr;
  return [make, operand = std::move(operand)] { return make(operand); };
}

Node with_groups(const BatchingRequest& request) {
  Node grouped = request.node;
  grouped.attributes["group"] = integer_of(grouped, "group", 1) * request.count;
  return grouped;
}

// A weight for each branch: groups of one convolution, on members folded into the channels.
BatchedForm in_groups(const BatchingRequest& request) {
  return by_constants(with_groups(request), StackLayout::fold(1),
                      made_by(joined_constants, request.operands[1]),
                      made_by(joined_constants, biases_of(request)));
}

// One weight for all: the stacked axis stays, with a kernel of 1 on it. `conv` has it.
BatchedForm along_axis(const BatchingRequest& request, const Node& conv, int axis) {
  auto with_axis = [axis, operand = request.operands[1]] {
    JoinedConstant weight = first_constant(operand);
    Shape shape = weight.values.shape();
    shape.insert(axis, 1);
    weight.values = weight.values.contiguous().reshaped(shape);
    return weight;
  };
  return by_constants(conv, StackLayout::on_axis(axis), with_axis,
                      made_by(first_constant, biases_of(request)));
}

// One weight for all, members folded into the batch.
BatchedForm in_batch(const BatchingRequest& request, Kind kind) {
  return by_constants(request.node, {kind, 0}, made_by(first_constant, request.operands[1]),
                      made_by(first_constant, biases_of(request)));
}

JoinedConstant interleaved_weights(const BatchedOperand& operand) {
  Shape shape = operand.constants[0].shape();
  shape[0] *= static_cast<int64_t>(operand.constants.size());
  return {stack_tensors(operand.constants, 1).reshaped(shape), {}, {}};
}

JoinedConstant interleaved_biases(const BatchedOperand& operand) {
  return {stacked_vector(operand.constants, Kind::kFoldMinor), {}, {}};
}

// Depthwise without multiplier: each channel is a group, in whatever order they lie.
BatchedForm depthwise(const BatchingRequest& request) {
  return by_constants(with_groups(request), StackLayout::fold_minor(1),
                      made_by(interleaved_weights, request.operands[1]),
                      made_by(interleaved_biases, biases_of(request)));
}

bool equal_biases(const BatchingRequest& request) {
  return !request.is_constant(2) || request.operands[2].equal;
}

// Inference does not look at the groups.
bool has_groups(const Node& node, const Shape& weight) {
  int64_t group = integer_of(node, "group", 1);
  return group >= 1 && group <= std::min<int64_t>(weight[0], INT32_MAX);
}

// Nor at the biases.
bool has_channel_biases(const BatchingRequest& request) {
  if (!request.is_constant(2)) return true;
  const Tensor& weight = request.operands[1].constants[0];
  const Shape channels{output_channels(request.node, weight)};
  return request.operands[2].type == ValueType::tensor(weight.dtype(), channels);
}

bool fits(const BatchingRequest& request) {
  bool constants =
      keeps_rank(request) && request.is_constant(1) && !(request.has(2) && !request.is_constant(2));
  int rank = request.output.rank();
  if (!constants || rank < 3) return false;
  const Tensor& weight = request.operands[1].constants[0];
  return weight.rank() == rank && has_groups(request.node, weight.shape()) &&
         has_channel_biases(request);
}

// Forms that take one weight and bias for all members.
void add_shared_forms(const BatchingRequest& request, std::vector<BatchedForm>& forms) {
  int rank = request.output.rank();
  if (!request.operands[1].equal || !equal_biases(request)) return;
  // Runtimes convolve along three axes at most.
  for (int axis = 2; axis <= rank && rank < 5; ++axis) {
    auto conv = window_along_axis(request.node, rank, axis);
    if (conv) forms.push_back(along_axis(request, *conv, axis));
  }
  forms.push_back(in_batch(request, Kind::kFoldMinor));
  forms.push_back(in_batch(request, Kind::kFold));
}

}  // namespace

std::vector<BatchedForm> batch_conv(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!fits(request)) return forms;
  add_shared_forms(request, forms);
  const Tensor& weight = request.operands[1].constants[0];
  int64_t group = integer_of(request.node, "group", 1);
  if (weight.shape()[1] == 1 && weight.shape()[0] == group && !has_quantized(request)) {
    forms.push_back(depthwise(request));
  }
  forms.push_back(in_groups(request));
  return forms;
}

std::vector<BatchedForm> batch_conv_transpose(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!fits(request)) return forms;
  // Where sizes decide the padding, a unit kernel would be padded too.
  std::string padding = text_of(request.node, "auto_pad", "NOTSET");
  bool sized = request.node.attributes.contains("output_shape");
  if (!sized && (padding.empty() || padding == "NOTSET")) add_shared_forms(request, forms);
  forms.push_back(in_groups(request));
  return forms;
}

}  // namespace convoy
