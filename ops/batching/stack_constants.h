// Constants of sibling branches as one constant.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/op/batching.h"

namespace convoy {

// The tensors one after the other along an axis; equal dtypes, equal shapes but for that axis.
Tensor concat_tensors(std::span<const Tensor> tensors, int axis);

// The tensors along a new axis; equal dtypes and shapes.
Tensor stack_tensors(std::span<const Tensor> tensors, int axis);

// The same elements with `tensor`'s dimensions repeated to `shape` (1 becomes anything).
Tensor broadcast_tensor(const Tensor& tensor, const Shape& shape);

// With leading dimensions of 1 up to `rank`.
Tensor to_rank(const Tensor& tensor, int rank);

// Nothing is repeated to more elements than that.
constexpr int64_t kMostFilled = int64_t{1} << 24;

// Is there no infinity and no NaN in a floating tensor?
bool is_finite(const Tensor& tensor);

// Constants, one a member, that broadcast against members of type `member`: as one constant that
// broadcasts against the members stacked in `layout`. nullopt where the size of a folded dimension
// that would have to be filled is not known, or too large to be filled.
std::optional<Tensor> stacked_constant(const BatchedOperand& operand, const ValueType& member,
                                       StackLayout layout);

// Constants, or the integers that stand for them, as one constant.
struct JoinedConstant {
  Tensor values;
  Tensor scale, zero;  // undefined for plain constants; the latter also for zero points of 0

  // The constant, or a DequantizeLinear of it.
  ValueId add_to(GraphBuilder& builder, std::string_view name) const;
};

// The first member's; those of all members one after the other along axis 0.
JoinedConstant first_constant(const BatchedOperand& operand);
JoinedConstant joined_constants(const BatchedOperand& operand);

// Whether the graph has any of the constants as integers.
bool has_quantized(const BatchingRequest& request);

// What the integers stand for.
Tensor dequantized(const QuantizedConstant& constant);

// Vectors of one element a channel for members whose channel axis is folded.
Tensor stacked_vector(std::span<const Tensor> vectors, StackLayout::Kind kind);

}  // namespace convoy
