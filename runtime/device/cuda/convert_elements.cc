#include "runtime/device/cuda/convert_elements.h"

#include "runtime/device/tensor_view.h"

namespace convoy::cuda {
namespace {

bool choose(const TensorView& from, const TensorView& to, ElementCopy& how) {
  if (from.dtype == to.dtype) {
    if (from.dtype == DType::kString) return false;
    switch (size_of(from.dtype)) {
      case 1: how = ElementCopy::bytes1; return true;
      case 2: how = ElementCopy::bytes2; return true;
      case 4: how = ElementCopy::bytes4; return true;
      case 8: how = ElementCopy::bytes8; return true;
      case 16: how = ElementCopy::bytes16; return true;
      default: return false;
    }
  }
  const bool widens = to.dtype == DType::kFloat32;
  if (!widens && from.dtype != DType::kFloat32) return false;
  switch (widens ? from.dtype : to.dtype) {
    case DType::kFloat16:
      how = widens ? ElementCopy::half_to_float : ElementCopy::float_to_half;
      return true;
    case DType::kBFloat16:
      how = widens ? ElementCopy::bfloat16_to_float : ElementCopy::float_to_bfloat16;
      return true;
    default: return false;
  }
}

}  // namespace

bool describe(const TensorView& from, const TensorView& to, ConvertElements& problem) {
  if (!from.layout.plain() || !to.layout.plain() || !(from.shape == to.shape)) return false;
  if (!choose(from, to, problem.how)) return false;
  problem.from = from.data;
  problem.to = to.data;
  problem.count = from.count();
  for (int axis = 0; axis < from.rank(); ++axis) {
    if (from.shape[axis] == 1) continue;
    int last = problem.rank - 1;
    const bool continues = problem.rank > 0 &&
                           problem.from_stride[last] == from.strides[axis] * from.shape[axis] &&
                           problem.to_stride[last] == to.strides[axis] * from.shape[axis];
    if (continues) {
      problem.size[last] *= from.shape[axis];
    } else {
      last = problem.rank++;
      problem.size[last] = from.shape[axis];
    }
    problem.from_stride[last] = from.strides[axis];
    problem.to_stride[last] = to.strides[axis];
  }
  return true;
}

}  // namespace convoy::cuda
