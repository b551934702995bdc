// Products with matrices.
#include <algorithm>

#include "ops/batching/rules.h"
#include "ops/batching/stack_constants.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

// weight · factor, its two axes swapped if asked.
Tensor prepared_weight(const Tensor& weight, bool swap, float factor) {
  Tensor plain = weight.contiguous();
  if (swap) {
    TensorView view = plain.view();
    std::swap(view.shape[0], view.shape[1]);
    std::swap(view.strides[0], view.strides[1]);
    Tensor swapped = Tensor::allocate(plain.dtype(), view.shape);
    copy_elements(view, swapped.view());
    plain = swapped;
  }
  if (factor == 1.0F) return plain;
  Tensor scaled = plain.clone();
  visit_floating(scaled.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* data = scaled.mutable_data<T>();
    for (int64_t i = 0; i < scaled.count(); ++i) data[i] = static_cast<T>(data[i] * factor);
  });
  return scaled;
}

}  // namespace

std::vector<Tensor> prepared_weights(std::span<const Tensor> weights, bool swap, float factor) {
  std::vector<Tensor> prepared;
  for (const Tensor& weight : weights) prepared.push_back(prepared_weight(weight, swap, factor));
  return prepared;
}

namespace {

// A matrix for each branch, on the left.
std::vector<BatchedForm> constant_times_stacked(const BatchingRequest& request) {
  int rank = request.operands[1].type.rank();
  std::vector<Tensor> matrices = request.operands[0].constants;
  if (matrices[0].rank() != 2 || rank < 2 || request.output.rank() != rank) return {};
  bool equal = request.operands[0].equal;
  Node like = request.node;
  StackLayout layout = StackLayout::on_axis(rank - 2);
  return {{{{}, layout},
           layout,
           0,
           [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
             Tensor stacked = equal ? matrices[0] : stack_tensors(matrices, 0);
             ValueId matrix = builder.constant(stacked, "matrix");
             return builder.node_like(like, {matrix, operands[1]}, type);
           }}};
}

// One computed matrix for all branches, on the right.
std::vector<BatchedForm> times_shared(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  Node like = request.node;
  ValueId shared = request.operands[1].shared;
  for (int axis = 0; axis < request.output.rank(); ++axis) {
    StackLayout layout = StackLayout::on_axis(axis);
    forms.push_back(
        {{layout, {}},
         layout,
         0,
         [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           return builder.node_like(like, {operands[0], shared}, type);
         }});
  }
  return forms;
}

// A matrix for each branch, on the right of members of rank 3 or more: all rows of a member make
// one product. nullopt where a size is unknown that Reshape would have to name.
std::optional<BatchedForm> rows_together(const BatchingRequest& request) {
  const std::vector<Dimension>& in = *request.operands[0].type.shape;
  const std::vector<Dimension>& out = *request.output.shape;
  if (in.size() < 3 || !in.back().known() || !out.back().known()) return std::nullopt;
  std::vector<int64_t> back = {request.count};
  int unknown = 0;
  for (const Dimension& dim : out) {
    if (dim.size == 0) return std::nullopt;
    unknown += dim.known() ? 0 : 1;
    back.push_back(dim.known() ? dim.size : -1);
  }
  if (unknown > 1 || in.back().size == 0) return std::nullopt;
  StackLayout layout = StackLayout::on_axis(0);
  Node like = request.node;
  std::vector<Tensor> weights = request.operands[1].constants;
  Dimension count{request.count, ""};
  DType dtype = request.output.dtype;
  return BatchedForm{
      {layout, {}},
      layout,
      0,
      [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
        ValueId rows =
            builder.reshape(operands[0], {count.size, -1, in.back().size},
                            ValueType::tensor(dtype, std::vector<Dimension>{count, {}, in.back()}));
        ValueId w = builder.constant(stack_tensors(weights, 0), "weight");
        ValueId product = builder.node_like(
            like, {rows, w},
            ValueType::tensor(dtype, std::vector<Dimension>{count, {}, out.back()}));
        return builder.reshape(product, back, type);
      }};
}

}  // namespace

std::vector<BatchedForm> batch_matmul(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (request.operands.size() != 2) return forms;
  if (request.is_constant(0) && request.is_stacked(1)) return constant_times_stacked(request);
  if (!request.is_stacked(0)) return forms;
  int rank = request.operands[0].type.rank();
  if (rank < 2 || request.output.rank() != rank) return forms;
  Node like = request.node;
  StackLayout before_matrix = StackLayout::on_axis(rank - 2);
  if (request.is_stacked(1)) {
    if (request.operands[1].type.rank() != rank) return forms;
    forms.push_back(
        {{before_matrix, before_matrix},
         before_matrix,
         0,
         [like](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           return builder.node_like(like, {operands[0], operands[1]}, type);
         }});
    return forms;
  }
  if (request.has(1) && !request.is_constant(1) && request.operands[1].type.rank() == 2) {
    return times_shared(request);
  }
  if (!request.is_constant(1)) return forms;
  const BatchedOperand& weight = request.operands[1];
  if (weight.constants[0].rank() != 2) return forms;
  std::vector<Tensor> weights = weight.constants;
  if (weight.equal) {
    for (int axis = 0; axis < rank; ++axis) {
      StackLayout layout = StackLayout::on_axis(axis);
      forms.push_back(
          {{layout, {}},
           layout,
           0,
           [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
             ValueId w = builder.constant(weights[0], "weight");
             return builder.node_like(like, {operands[0], w}, type);
           }});
    }
    return forms;
  }
  if (auto form = rows_together(request)) forms.push_back(std::move(*form));
  forms.push_back(
      {{before_matrix, {}},
       before_matrix,
       forms.empty() ? 0.0 : 0.1,
       [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
         ValueId w = builder.constant(stack_tensors(weights, 0), "weight");
         return builder.node_like(like, {operands[0], w}, type);
       }});
  return forms;
}

namespace {

// C · beta of every Gemm, zeros where it has none; nullopt where C does not fit.
std::optional<Tensor> stacked_addends(const BatchingRequest& request, StackLayout layout) {
  BatchedOperand c = request.operands[2];
  if (c.type.dtype != request.operands[1].type.dtype || c.type.rank() > 2) return std::nullopt;
  for (Tensor& tensor : c.constants) {
    if (!tensor.defined()) tensor = Tensor::zeros(c.type.dtype, c.type.static_shape().value());
    tensor = prepared_weight(to_rank(tensor, 2), false, number_of(request.node, "beta", 1));
  }
  return stacked_constant(c, request.output, layout);
}

}  // namespace

std::vector<BatchedForm> batch_gemm(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  bool fits = request.is_stacked(0) && request.is_constant(1) &&
              !(request.has(2) && !request.is_constant(2));
  if (!fits || integer_of(request.node, "transA", 0) != 0 || request.node.version < 7) return forms;
  const BatchedOperand& weight = request.operands[1];
  if (!is_floating(weight.type.dtype) || weight.type.rank() != 2) return forms;
  float alpha = number_of(request.node, "alpha", 1);
  std::vector<Tensor> weights =
      prepared_weights(weight.constants, integer_of(request.node, "transB", 0) != 0, alpha);
  // alpha counts after the product, which may be smaller than a weight.
  if (alpha != 1 && !std::ranges::all_of(weights, is_finite)) return forms;
  StackLayout layout = StackLayout::on_axis(0);
  std::optional<Tensor> bias;
  if (request.is_constant(2)) {
    bias = stacked_addends(request, layout);
    if (!bias) return forms;
  }
  bool equal = weight.equal;
  forms.push_back(
      {{layout, {}, {}},
       layout,
       0,
       [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
         Tensor stacked = equal ? weights[0] : stack_tensors(weights, 0);
         ValueId w = builder.constant(stacked, "weight");
         ValueId product = builder.node("MatMul", {operands[0], w}, {}, type);
         if (!bias) return product;
         return builder.node("Add", {product, builder.constant(*bias, "bias")}, {}, type);
       }});
  return forms;
}

}  // namespace convoy
