// Sums of siblings that are linear in one operand.
#include "ops/batching/rules.h"
#include "ops/batching/stack_constants.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

// Element by element; undefined tensors count as zeros. Undefined when all are.
Tensor added(std::span<const Tensor> tensors) {
  std::vector<double> sums;
  const Tensor* like = nullptr;
  for (const Tensor& tensor : tensors) {
    if (!tensor.defined()) continue;
    Tensor plain = tensor.contiguous();
    like = &tensor;
    sums.resize(static_cast<size_t>(plain.count()), 0.0);
    visit_floating(plain.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* data = plain.data<T>();
      for (size_t i = 0; i < sums.size(); ++i) sums[i] += static_cast<double>(data[i]);
    });
  }
  if (like == nullptr) return {};
  Tensor sum = Tensor::allocate(like->dtype(), like->shape());
  visit_floating(sum.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* data = sum.mutable_data<T>();
    for (size_t i = 0; i < sums.size(); ++i) data[i] = static_cast<T>(sums[i]);
  });
  return sum;
}

// The second operand is a floating constant of that rank, and the third, where there is one, a
// constant of its type.
bool has_constant_matrix(const BatchingRequest& request, int rank) {
  if (has_quantized(request) || !request.is_stacked(0) || !request.is_constant(1)) return false;
  const ValueType& weight = request.operands[1].type;
  bool biased =
      !request.has(2) || (request.is_constant(2) && request.operands[2].type.dtype == weight.dtype);
  return biased && is_floating(weight.dtype) && weight.rank() == rank;
}

Tensor bias_of_sum(const BatchingRequest& request) {
  return request.is_constant(2) ? added(request.operands[2].constants) : Tensor();
}

// `like` on the sum of the inputs, or (with `layout`) on all of them one after the other.
BatchedForm linear_form(const Node& like, std::optional<StackLayout> layout, Tensor weight,
                        Tensor bias) {
  BatchedForm form;
  form.sums_operands = !layout.has_value();
  form.operands.resize(3, layout.value_or(StackLayout{}));
  form.build = [=](GraphBuilder& builder, std::span<const ValueId> operands,
                   const ValueType& type) {
    std::vector<ValueId> inputs = {operands[0], builder.constant(weight, "weight")};
    if (bias.defined()) inputs.push_back(builder.constant(bias, "bias"));
    return builder.node_like(like, std::move(inputs), type);
  };
  return form;
}

}  // namespace

std::vector<BatchedForm> sum_conv(const BatchingRequest& request) {
  int rank = request.output.rank();
  if (!keeps_rank(request) || rank < 3 || !has_constant_matrix(request, rank)) return {};
  const std::vector<Tensor>& weights = request.operands[1].constants;
  Tensor bias = bias_of_sum(request);
  if (request.operands[1].equal) {
    return {linear_form(request.node, std::nullopt, weights[0], bias)};
  }
  bool convolves = request.node.op_type == "Conv";
  if (integer_of(request.node, "group", 1) != 1) return {};
  Tensor weight = concat_tensors(weights, convolves ? 1 : 0);
  return {linear_form(request.node, StackLayout::fold(1), weight, bias)};
}

std::vector<BatchedForm> sum_matmul(const BatchingRequest& request) {
  int rank = request.output.rank();
  if (request.operands.size() != 2 || !has_constant_matrix(request, 2)) return {};
  const std::vector<Tensor>& weights = request.operands[1].constants;
  if (rank < 2 || !keeps_rank(request)) return {};
  if (request.operands[1].equal) {
    return {linear_form(request.node, std::nullopt, weights[0], {})};
  }
  return {linear_form(request.node, StackLayout::fold(rank - 1), concat_tensors(weights, 0), {})};
}

std::vector<BatchedForm> sum_gemm(const BatchingRequest& request) {
  if (!has_constant_matrix(request, 2) || request.node.version < 7) return {};
  if (integer_of(request.node, "transA", 0) != 0) return {};
  Node like = request.node;
  Tensor bias = bias_of_sum(request);
  if (request.operands[1].equal) {
    return {linear_form(like, std::nullopt, request.operands[1].constants[0], bias)};
  }
  bool swap = integer_of(like, "transB", 0) != 0;
  Tensor weight = concat_tensors(request.operands[1].constants, swap ? 1 : 0);
  return {linear_form(like, StackLayout::fold(1), weight, bias)};
}

}  // namespace convoy
