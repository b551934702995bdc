// One operator, or a few, applied alike in every branch of a random graph.
#pragma once

#include <optional>

#include "tests/fuzz/graph_writer.h"

namespace convoy::testing {

struct BranchStep {
  std::string text;  // "Conv k=3"
  Shape output;
  // `so_far` holds the branch's values from its slice on; the last one goes into the step. An odd
  // branch gets another operator or another attribute, with an output of the same shape.
  std::function<ValueId(const std::vector<SizedValue>& so_far, int branch, bool odd)> apply;
  // Further results, one a branch and all of one shape, that apply() adds; may be null.
  std::shared_ptr<std::vector<ValueId>> others = nullptr;
};

// nullopt where the kind does not fit the shape, opset or what is known of the sizes.
using StepKind = std::optional<BranchStep> (*)(GraphWriter& writer,
                                               const std::vector<Shape>& so_far);

// Shapes are those of a branch's values so far.
BranchStep random_step(GraphWriter& writer, const std::vector<Shape>& so_far);

std::optional<BranchStep> conv_step(GraphWriter& writer, const std::vector<Shape>& so_far);
std::optional<BranchStep> conv_transpose_step(GraphWriter& writer,
                                              const std::vector<Shape>& so_far);
std::optional<BranchStep> pool_step(GraphWriter& writer, const std::vector<Shape>& so_far);
std::optional<BranchStep> unary_step(GraphWriter& writer, const std::vector<Shape>& so_far);
std::optional<BranchStep> constant_step(GraphWriter& writer, const std::vector<Shape>& so_far);
std::optional<BranchStep> normalization_step(GraphWriter& writer, const std::vector<Shape>& so_far);
std::optional<BranchStep> softmax_step(GraphWriter& writer, const std::vector<Shape>& so_far);
std::optional<BranchStep> product_step(GraphWriter& writer, const std::vector<Shape>& so_far);
std::optional<BranchStep> reduction_step(GraphWriter& writer, const std::vector<Shape>& so_far);
std::optional<BranchStep> rearranging_step(GraphWriter& writer, const std::vector<Shape>& so_far);
std::optional<BranchStep> shared_operand_step(GraphWriter& writer,
                                              const std::vector<Shape>& so_far);
std::optional<BranchStep> residual_step(GraphWriter& writer, const std::vector<Shape>& so_far);
std::optional<BranchStep> recurrent_step(GraphWriter& writer, const std::vector<Shape>& so_far);
std::optional<BranchStep> clip_step(GraphWriter& writer, const std::vector<Shape>& so_far);
std::optional<BranchStep> several_outputs_step(GraphWriter& writer,
                                               const std::vector<Shape>& so_far);
std::optional<BranchStep> inner_rows_step(GraphWriter& writer, const std::vector<Shape>& so_far);

}  // namespace convoy::testing
