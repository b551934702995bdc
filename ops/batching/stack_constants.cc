#include "ops/batching/stack_constants.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ops/kernels/elementwise/quantize.h"

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
  bool fits = shape[layout.axis] == size || shape[layout.axis] == 1;
  auto count = static_cast<int64_t>(full.size()) * std::max<int64_t>(full[0].count(), 1);
  if (!fits || (shape[layout.axis] != size && size > kMostFilled / count)) return std::nullopt;
  shape[layout.axis] = size;
  for (Tensor& constant : full) constant = broadcast_tensor(constant, shape);
  shape[layout.axis] *= static_cast<int64_t>(full.size());
  return stack_tensors(full, layout.position()).reshaped(shape);
}

ValueId JoinedConstant::add_to(GraphBuilder& builder, std::string_view name) const {
  ValueId value = builder.constant(values, name);
  if (!scale.defined()) return value;
  std::vector<ValueId> inputs = {value, builder.constant(scale, fmt::format("{}_scale", name))};
  if (zero.defined()) inputs.push_back(builder.constant(zero, fmt::format("{}_zero_point", name)));
  return builder.node("DequantizeLinear", std::move(inputs), {{"axis", int64_t{0}}},
                      ValueType::tensor(scale.dtype(), values.shape()));
}

JoinedConstant first_constant(const BatchedOperand& operand) {
  if (operand.quantized.empty()) return {operand.constants[0], {}, {}};
  const QuantizedConstant& first = operand.quantized[0];
  return {first.values, first.scale, first.zero};
}

JoinedConstant joined_constants(const BatchedOperand& operand) {
  if (operand.quantized.empty()) return {concat_tensors(operand.constants, 0), {}, {}};
  std::vector<Tensor> values, scales, zeros;
  bool any_zero = std::any_of(operand.quantized.begin(), operand.quantized.end(),
                              [](const QuantizedConstant& one) { return one.zero.defined(); });
  for (const QuantizedConstant& one : operand.quantized) {
    const Shape length{one.values.shape()[0]};
    auto each = [&](const Tensor& tensor) {
      return broadcast_tensor(tensor.contiguous().reshaped({tensor.count()}), length);
    };
    values.push_back(one.values);
    scales.push_back(each(one.scale));
    if (!any_zero) continue;
    zeros.push_back(one.zero.defined() ? each(one.zero)
                                       : Tensor::zeros(one.values.dtype(), length));
  }
  return {concat_tensors(values, 0), concat_tensors(scales, 0),
          any_zero ? concat_tensors(zeros, 0) : Tensor()};
}

bool has_quantized(const BatchingRequest& request) {
  return std::any_of(request.operands.begin(), request.operands.end(),
                     [](const BatchedOperand& operand) { return !operand.quantized.empty(); });
}

Tensor dequantized(const QuantizedConstant& constant) {
  const Tensor values = constant.values.contiguous();
  Tensor result = Tensor::allocate(constant.scale.dtype(), values.shape());
  ScaleMap map;
  if (constant.scale.count() == 1) {
    map.outer = values.count();
  } else {
    map.kind = ScaleMap::Kind::kAxis;
    map.length = values.shape()[0];
    map.inner = map.length == 0 ? 1 : values.count() / map.length;
  }
  const Tensor scale = constant.scale.contiguous();
  const Tensor zero = constant.zero.defined() ? constant.zero.contiguous() : Tensor();
  dequantize(values.view(), scale.view(), zero.defined() ? zero.view() : TensorView(),
             result.view(), map, calling_thread());
  return result;
}

bool is_finite(const Tensor& tensor) {
  bool finite = true;
  Tensor plain = tensor.contiguous();
  visit_floating(plain.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::span<const T> values = plain.values<T>();
    finite = std::all_of(values.begin(), values.end(),
                         [](T value) { return std::isfinite(static_cast<double>(value)); });
  });
  return finite;
}

Tensor stacked_vector(std::span<const Tensor> vectors, StackLayout::Kind kind) {
  int64_t count = vectors[0].count() * static_cast<int64_t>(vectors.size());
  return stack_tensors(vectors, kind == StackLayout::Kind::kFoldMinor ? 1 : 0).reshaped({count});
}

}  // namespace convoy
