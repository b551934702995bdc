// What the reductions share: which elements of the input make up each element of the output.
#pragma once

#include <vector>

#include "ops/row_offsets.h"
#include "runtime/op/kernel.h"

namespace convoy {

enum class ReduceKind { kSum, kMean, kMax, kMin, kProd, kSumSquare, kL1, kL2, kLogSum, kLogSumExp };

// Dimensions of size 1 are dropped and neighbours that lie in one stride are joined. Output o reads
// input kept(o) + reduced(r) + i · stride for r < outer, i < n. For kernels that work on several
// outputs at once, the last kept dimension is set apart: output o · width + k, k < width, reads
// kept_outer(o) + k · width_stride + …
struct ReducePlan {
  int64_t outputs = 1;
  int64_t reduced_count = 1;  // input elements for each output
  RowOffsets kept;
  RowOffsets kept_outer;
  int64_t width = 1;
  int64_t width_stride = 1;
  RowOffsets reduced;
  int64_t outer = 1;
  int64_t n = 1;
  int64_t stride = 1;
};

// `axes` are normalized and unique.
ReducePlan plan_reduction(const TensorDesc& input, const std::vector<bool>& is_reduced);

// For each dimension of the input whether it is reduced. Axes: as attribute (opset below
// `axes_input_since`) or input 1, whose value is read from `axes`; nullptr where left out.
struct ReduceAttributes {
  std::vector<int64_t> axes;
  bool noop_with_empty_axes = false;
  bool keepdims = true;
};
ReduceAttributes read_reduce_attributes(const KernelRequest& request, int axes_input_since);
std::vector<bool> reduced_dimensions(const ReduceAttributes& attributes, const Tensor* axes,
                                     int rank);
// Reduced dimensions become 1 or fall away.
Shape reduced_shape(const Shape& input, const std::vector<bool>& is_reduced, bool keepdims);

}  // namespace convoy
