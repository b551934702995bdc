#include "ops/kernels/conv/conv_axes.h"

#include <utility>

namespace convoy::kernels {

bool is_unit(const ConvWindow& window) {
  return window.kernel == 1 && window.input_size == 1 && window.output_size == 1 &&
         window.pad_begin == 0;
}

namespace {

bool is_pointwise(const ConvWindow& window) {
  return window.kernel == 1 && window.stride == 1 && window.pad_begin == 0 &&
         window.input_size == window.output_size;
}

// Makes outer and inner one axis, in inner, if they are one axis in memory.
void merge_pointwise(ConvWindow* outer, ConvWindow* inner) {
  if (is_unit(*outer) || !is_pointwise(*outer) || !is_pointwise(*inner)) return;
  const int64_t n = inner->input_size;
  if (outer->input_stride != n * inner->input_stride ||
      outer->output_stride != n * inner->output_stride ||
      outer->residual_stride != n * inner->residual_stride)
    return;
  inner->input_size *= outer->input_size;
  inner->output_size = inner->input_size;
  *outer = ConvWindow{};
}

}  // namespace

void normalise_axes(ConvProblem* problem) {
  ConvProblem& p = *problem;
  for (; p.rank < 3; ++p.rank) {
    p.spatial[2] = p.spatial[1];
    p.spatial[1] = p.spatial[0];
    p.spatial[0] = ConvWindow{};
  }
  for (ConvWindow& window : p.spatial)
    if (is_unit(window)) window = ConvWindow{};
  for (int i : {1, 0})
    if (is_unit(p.spatial[2])) std::swap(p.spatial[i], p.spatial[2]);
  merge_pointwise(&p.spatial[1], &p.spatial[2]);
  if (is_unit(p.spatial[1])) std::swap(p.spatial[0], p.spatial[1]);
  merge_pointwise(&p.spatial[1], &p.spatial[2]);
}

void batch_as_rows(ConvProblem* problem) {
  ConvLoop& batch = problem->batch[1];
  ConvWindow& axis = problem->spatial[1];
  axis.input_size = axis.output_size = batch.size;
  axis.input_stride = batch.input_stride;
  axis.output_stride = batch.output_stride;
  axis.residual_stride = batch.residual_stride;
  batch = ConvLoop{};
}

int64_t count_weight_groups(const ConvProblem& problem, int64_t (&strides)[2]) {
  int64_t count = 1;
  for (int i = 1; i >= 0; --i) {
    strides[i] = problem.group[i].shared_weights ? 0 : count;
    if (!problem.group[i].shared_weights) count *= problem.group[i].size;
  }
  return count;
}

}  // namespace convoy::kernels
