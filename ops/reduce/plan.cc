#include "ops/reduce/reduce.h"

namespace convoy {
namespace {

// Joins neighbours that lie in one stride; sizes of 1 were dropped.
TensorDesc joined(const Shape& shape, const Strides& strides) {
  TensorDesc desc;
  for (int i = 0; i < shape.rank(); ++i) {
    const int last = desc.shape.rank() - 1;
    if (last >= 0 && desc.strides[last] == strides[i] * shape[i]) {
      desc.shape[last] *= shape[i];
      desc.strides[last] = strides[i];
    } else {
      desc.shape.push_back(shape[i]);
      desc.strides.push_back(strides[i]);
    }
  }
  return desc;
}

}  // namespace

ReducePlan plan_reduction(const TensorDesc& input, const std::vector<bool>& is_reduced) {
  Shape kept_shape, reduced_shape;
  Strides kept_strides, reduced_strides;
  ReducePlan plan;
  for (int i = 0; i < input.rank(); ++i) {
    const int64_t size = input.shape[i];
    const bool reduce = is_reduced[static_cast<size_t>(i)];
    (reduce ? plan.reduced_count : plan.outputs) *= size;
    if (size == 1) continue;
    (reduce ? reduced_shape : kept_shape).push_back(size);
    (reduce ? reduced_strides : kept_strides).push_back(input.strides[i]);
  }
  const TensorDesc kept = joined(kept_shape, kept_strides);
  const TensorDesc reduced = joined(reduced_shape, reduced_strides);
  plan.kept = RowOffsets(kept, kept.rank());
  if (kept.rank() > 0) {
    plan.kept_outer = RowOffsets(kept, kept.rank() - 1);
    plan.width = kept.shape.back();
    plan.width_stride = kept.strides.back();
  }
  if (reduced.rank() > 0) {
    plan.reduced = RowOffsets(reduced, reduced.rank() - 1);
    plan.n = reduced.shape.back();
    plan.stride = reduced.strides.back();
  }
  plan.outer = plan.n == 0 ? 0 : plan.reduced_count / plan.n;
  return plan;
}

ReduceAttributes read_reduce_attributes(const KernelRequest& request, int axes_input_since) {
  AttributeReader attributes = request.attributes();
  ReduceAttributes result;
  if (request.node().version < axes_input_since) {
    result.axes = attributes.integers("axes");
  } else {
    result.noop_with_empty_axes = attributes.integer("noop_with_empty_axes", 0) != 0;
  }
  result.keepdims = attributes.integer("keepdims", 1) != 0;
  attributes.finish();
  return result;
}

std::vector<bool> reduced_dimensions(const ReduceAttributes& attributes, const Tensor* axes,
                                     int rank) {
  const std::vector<int64_t> listed = axes != nullptr ? to_int64s(*axes) : attributes.axes;
  const bool all = listed.empty() && !attributes.noop_with_empty_axes;
  std::vector<bool> is_reduced(static_cast<size_t>(rank), all);
  for (int64_t axis : listed) is_reduced[static_cast<size_t>(normalize_axis(axis, rank))] = true;
  return is_reduced;
}

Shape reduced_shape(const Shape& input, const std::vector<bool>& is_reduced, bool keepdims) {
  Shape shape;
  for (int i = 0; i < input.rank(); ++i) {
    const bool reduced = is_reduced[static_cast<size_t>(i)];
    if (!reduced || keepdims) shape.push_back(reduced ? 1 : input[i]);
  }
  return shape;
}

}  // namespace convoy
