// Sibling convolutions as one.
#include "ops/batching/rules.h"
#include "ops/batching/stack_constants.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

using Kind = StackLayout::Kind;

Tensor bias_of(const BatchedOperand& operand, size_t member, DType dtype, int64_t channels) {
  const Tensor& bias = operand.constants[member];
  return bias.defined() ? bias : Tensor::zeros(dtype, {channels});
}

int64_t output_channels(const Node& node, const Tensor& weight) {
  if (node.op_type == "Conv") return weight.shape()[0];
  return weight.shape()[1] * integer_of(node, "group", 1);
}

std::vector<Tensor> biases_of(const BatchingRequest& request) {
  std::vector<Tensor> biases;
  if (!request.is_constant(2)) return biases;
  const Tensor& weight = request.operands[1].constants[0];
  int64_t channels = output_channels(request.node, weight);
  for (size_t i = 0; i < static_cast<size_t>(request.count); ++i) {
    biases.push_back(bias_of(request.operands[2], i, weight.dtype(), channels));
  }
  return biases;
}

ValueId add_conv(GraphBuilder& builder, const Node& like, ValueId x, const Tensor& weight,
                 const Tensor& bias, const ValueType& type) {
  std::vector<ValueId> inputs = {x, builder.constant(weight, "weight")};
  if (bias.defined()) inputs.push_back(builder.constant(bias, "bias"));
  return builder.node_like(like, std::move(inputs), type);
}

// A weight for each branch: groups of one convolution, on members folded into the channels.
BatchedForm in_groups(const BatchingRequest& request) {
  Node grouped = request.node;
  grouped.attributes["group"] = integer_of(grouped, "group", 1) * request.count;
  std::vector<Tensor> weights = request.operands[1].constants;
  std::vector<Tensor> biases = biases_of(request);
  return {{StackLayout::fold(1), {}, {}},
          StackLayout::fold(1),
          0,
          [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
            Tensor bias = biases.empty() ? Tensor() : concat_tensors(biases, 0);
            return add_conv(builder, grouped, operands[0], concat_tensors(weights, 0), bias, type);
          }};
}

// One weight for all: the stacked axis stays, with a kernel of 1 on it.
BatchedForm along_axis(const BatchingRequest& request, int axis) {
  Node higher = window_along_axis(request.node, request.output.rank(), axis);
  Shape shape = request.operands[1].constants[0].shape();
  shape.insert(axis, 1);
  Tensor weight = request.operands[1].constants[0].contiguous().reshaped(shape);
  std::vector<Tensor> biases = biases_of(request);
  return {{StackLayout::on_axis(axis), {}, {}},
          StackLayout::on_axis(axis),
          0,
          [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
            Tensor bias = biases.empty() ? Tensor() : biases[0];
            return add_conv(builder, higher, operands[0], weight, bias, type);
          }};
}

// One weight for all, members folded into the batch.
BatchedForm in_batch(const BatchingRequest& request, Kind kind) {
  Node like = request.node;
  Tensor weight = request.operands[1].constants[0];
  std::vector<Tensor> biases = biases_of(request);
  StackLayout layout{kind, 0};
  return {{layout, {}, {}},
          layout,
          0,
          [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
            Tensor bias = biases.empty() ? Tensor() : biases[0];
            return add_conv(builder, like, operands[0], weight, bias, type);
          }};
}

// Depthwise without multiplier: each channel is a group, in whatever order they lie.
BatchedForm depthwise(const BatchingRequest& request) {
  Node grouped = request.node;
  grouped.attributes["group"] = integer_of(grouped, "group", 1) * request.count;
  std::vector<Tensor> weights = request.operands[1].constants;
  std::vector<Tensor> biases = biases_of(request);
  StackLayout layout = StackLayout::fold_minor(1);
  return {{layout, {}, {}},
          layout,
          0,
          [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
            Shape shape = weights[0].shape();
            shape[0] *= static_cast<int64_t>(weights.size());
            Tensor weight = stack_tensors(weights, 1).reshaped(shape);
            Tensor bias = biases.empty() ? Tensor() : stacked_vector(biases, Kind::kFoldMinor);
            return add_conv(builder, grouped, operands[0], weight, bias, type);
          }};
}

bool equal_biases(const BatchingRequest& request) {
  return !request.is_constant(2) || request.operands[2].equal;
}

bool fits(const BatchingRequest& request) {
  bool constants = request.is_stacked(0) && request.is_constant(1) &&
                   !(request.has(2) && !request.is_constant(2));
  int rank = request.output.rank();
  return constants && rank >= 3 && request.operands[0].type.rank() == rank &&
         request.operands[1].constants[0].rank() == rank;
}

// Forms that take one weight and bias for all members.
void add_shared_forms(const BatchingRequest& request, std::vector<BatchedForm>& forms) {
  int rank = request.output.rank();
  if (!request.operands[1].equal || !equal_biases(request)) return;
  // Runtimes convolve along three axes at most.
  for (int axis = 2; axis <= rank && rank < 5; ++axis) {
    forms.push_back(along_axis(request, axis));
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
  if (weight.shape()[1] == 1 && weight.shape()[0] == group) forms.push_back(depthwise(request));
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
