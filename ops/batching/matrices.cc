// Products with matrices, and normalizations along trailing axes.
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

std::vector<Tensor> prepared_weights(std::span<const Tensor> weights, bool swap, float factor) {
  std::vector<Tensor> prepared;
  for (const Tensor& weight : weights) prepared.push_back(prepared_weight(weight, swap, factor));
  return prepared;
}

}  // namespace

std::vector<BatchedForm> batch_matmul(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!request.is_stacked(0) || request.operands.size() != 2) return forms;
  int rank = request.operands[0].type.rank();
  if (rank < 2 || request.output.rank() != rank) return forms;
  Node like = request.node;
  StackLayout before_matrix = StackLayout::on_axis(rank - 2);
  if (request.is_stacked(1)) {
    if (request.operands[1].type.rank() != rank) return forms;
    forms.push_back({{before_matrix, before_matrix}, before_matrix, 0,
                     [like](GraphBuilder& builder, std::span<const ValueId> operands,
                            const ValueType& type) {
                       return builder.node_like(like, {operands[0], operands[1]}, type);
                     }});
    return forms;
  }
  if (!request.is_constant(1)) return forms;
  const BatchedOperand& weight = request.operands[1];
  if (weight.constants[0].rank() != 2) return forms;
  std::vector<Tensor> weights = weight.constants;
  if (weight.equal) {
    for (int axis = 0; axis < rank; ++axis) {
      StackLayout layout = StackLayout::on_axis(axis);
      forms.push_back({{layout, {}}, layout, 0,
                       [=](GraphBuilder& builder, std::span<const ValueId> operands,
                           const ValueType& type) {
                         ValueId w = builder.constant(weights[0], "weight");
                         return builder.node_like(like, {operands[0], w}, type);
                       }});
    }
    return forms;
  }
  forms.push_back({{before_matrix, {}}, before_matrix, 0,
                   [=](GraphBuilder& builder, std::span<const ValueId> operands,
                       const ValueType& type) {
                     ValueId w = builder.constant(stack_tensors(weights, 0), "weight");
                     return builder.node_like(like, {operands[0], w}, type);
                   }});
  return forms;
}

std::vector<BatchedForm> batch_gemm(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  bool fits = request.is_stacked(0) && request.is_constant(1) &&
              !(request.has(2) && !request.is_constant(2));
  if (!fits || integer_of(request.node, "transA", 0) != 0 || request.node.version < 7) return forms;
  const BatchedOperand& weight = request.operands[1];
  if (!is_floating(weight.constants[0].dtype())) return forms;
  std::vector<Tensor> weights =
      prepared_weights(weight.constants, integer_of(request.node, "transB", 0) != 0,
                       number_of(request.node, "alpha", 1));
  StackLayout layout = StackLayout::on_axis(0);
  std::optional<Tensor> bias;
  if (request.is_constant(2)) {
    BatchedOperand c = request.operands[2];
    for (Tensor& tensor : c.constants) {
      if (!tensor.defined()) {
        tensor = Tensor::zeros(weights[0].dtype(), c.type.static_shape().value());
      }
      Tensor matrix = to_rank(tensor, 2);
      tensor = prepared_weight(matrix, false, number_of(request.node, "beta", 1));
    }
    bias = stacked_constant(c, request.output, layout);
    if (!bias) return forms;
  }
  bool equal = weight.equal;
  forms.push_back({{layout, {}, {}}, layout, 0,
                   [=](GraphBuilder& builder, std::span<const ValueId> operands,
                       const ValueType& type) {
                     Tensor stacked = equal ? weights[0] : stack_tensors(weights, 0);
                     ValueId w = builder.constant(stacked, "weight");
                     ValueId product = builder.node("MatMul", {operands[0], w}, {}, type);
                     if (!bias) return product;
                     return builder.node("Add", {product, builder.constant(*bias, "bias")}, {},
                                         type);
                   }});
  return forms;
}

std::vector<BatchedForm> batch_softmax(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!request.is_stacked(0) || request.node.version < 13) return forms;
  int rank = request.output.rank();
  auto axis = normalized({integer_of(request.node, "axis", -1)}, rank);
  if (!axis) return forms;
  for (int at = 0; at <= rank; ++at) {
    Node moved = request.node;
    moved.attributes["axis"] = (*axis)[0] < at ? (*axis)[0] : (*axis)[0] + 1;
    StackLayout layout = StackLayout::on_axis(at);
    forms.push_back({{layout}, layout, 0,
                     [moved](GraphBuilder& builder, std::span<const ValueId> operands,
                             const ValueType& type) {
                       return builder.node_like(moved, {operands[0]}, type);
                     }});
  }
  return forms;
}

std::vector<BatchedForm> batch_layer_normalization(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!request.is_stacked(0) || !request.is_constant(1)) return forms;
  if (request.has(2) && !request.is_constant(2)) return forms;
  int rank = request.output.rank();
  auto axis = normalized({integer_of(request.node, "axis", -1)}, rank);
  if (!axis) return forms;
  bool equal = request.operands[1].equal && (!request.has(2) || request.operands[2].equal);
  Node like = request.node;
  like.attributes["axis"] = (*axis)[0] - rank;
  BatchedOperand scale = request.operands[1];
  BatchedOperand bias = request.has(2) ? request.operands[2] : BatchedOperand{};
  for (int at = 0; at <= static_cast<int>((*axis)[0]); ++at) {
    StackLayout layout = StackLayout::on_axis(at);
    auto scales = stacked_constant(scale, request.output, layout);
    auto biases = request.has(2) ? stacked_constant(bias, request.output, layout) : std::nullopt;
    if (!scales || (request.has(2) && !biases)) continue;
    forms.push_back(
        {{layout, {}, {}}, layout, equal ? 0.0 : 1.0,
         [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           if (equal) {
             std::vector<ValueId> inputs = {operands[0], builder.constant(scale.constants[0])};
             if (biases) inputs.push_back(builder.constant(bias.constants[0]));
             return builder.node_like(like, std::move(inputs), type);
           }
           Tensor ones = Tensor::allocate(scale.constants[0].dtype(), scale.constants[0].shape());
           visit_floating(ones.dtype(), [&](auto tag) {
             using T = typename decltype(tag)::type;
             std::fill_n(ones.mutable_data<T>(), ones.count(), static_cast<T>(1.0F));
           });
           ValueId unit = builder.constant(ones, "scale");
           ValueId y = builder.node_like(like, {operands[0], unit}, type);
           y = builder.node("Mul", {y, builder.constant(*scales, "scale")}, {}, type);
           if (!biases) return y;
           return builder.node("Add", {y, builder.constant(*biases, "bias")}, {}, type);
         }});
  }
  return forms;
}

}  // namespace convoy
