#include "ops/batching/stack_constants.h"

namespace convoy {

Tensor concat_tensors(std::span<const Tensor> tensors, int axis) {
  Shape shape = tensors[0].shape();
  shape[axis] = 0;
  for (const Tensor& tensor : tensors) shape[axis] += tensor.shape()[axis];
  Tensor whole = Tensor::allocate(tensors[0].dtype(), shape);
  int64_t offset = 0;
  for (const Tensor& tensor : tensors) {
    TensorView part = whole.view();
    part.shape = tensor.shape();
    auto bytes = static_cast<int64_t>(size_of(whole.dtype()));
    part.data = static_cast<std::byte*>(part.data) + offset * part.strides[axis] * bytes;
    copy_elements(tensor.view(), part);
    offset += tensor.shape()[axis];
  }
  return whole;
}

Tensor stack_tensors(std::span<const Tensor> tensors, int axis) {
  std::vector<Tensor> parts;
  for (const Tensor& tensor : tensors) {
    Shape shape = tensor.shape();
    shape.insert(axis, 1);
    parts.push_back(tensor.contiguous().reshaped(shape));
  }
  return concat_tensors(parts, axis);
}

Tensor broadcast_tensor(const Tensor& tensor, const Shape& shape) {
  if (tensor.shape() == shape) return tensor;
  Tensor filled = Tensor::allocate(tensor.dtype(), shape);
  TensorView view = tensor.view();
  view.strides = broadcast_strides(tensor.shape(), view.strides, shape);
  view.shape = shape;
  copy_elements(view, filled.view());
  return filled;
}

Tensor to_rank(const Tensor& tensor, int rank) {
  Shape shape = tensor.shape();
  while (shape.rank() < rank) shape.insert(0, 1);
  return tensor.contiguous().reshaped(shape);
}

std::optional<Tensor> stacked_constant(const BatchedOperand& operand, const ValueType& member,
                                       StackLayout layout) {
  int rank = member.rank();
  std::vector<Tensor> full;
  for (const Tensor& constant : operand.constants) {
    if (!constant.defined() || constant.rank() > rank) return std::nullopt;
    full.push_back(to_rank(constant, rank));
  }
  if (layout.kind == StackLayout::Kind::kAxis) {
    return operand.equal ? stack_tensors(std::span(full).first(1), layout.axis)
                         : stack_tensors(full, layout.axis);
  }
  if (operand.equal && full[0].shape()[layout.axis] == 1) return full[0];
  int64_t size = (*member.shape)[static_cast<size_t>(layout.axis)].size;
  if (size < 0) return std::nullopt;
  Shape shape = full[0].shape();
  shape[layout.axis] = size;
  for (Tensor& constant : full) constant = broadcast_tensor(constant, shape);
  shape[layout.axis] *= static_cast<int64_t>(full.size());
  return stack_tensors(full, layout.position()).reshaped(shape);
}

Tensor stacked_vector(std::span<const Tensor> vectors, StackLayout::Kind kind) {
  int64_t count = vectors[0].count() * static_cast<int64_t>(vectors.size());
  return stack_tensors(vectors, kind == StackLayout::Kind::kFoldMinor ? 1 : 0).reshaped({count});
}

}  // namespace convoy
