// The rewrites that pipeline.cc orders; each function is defined in the file of its name.
#pragma once

#include <vector>

#include "runtime/rewrite/rule.h"

namespace convoy {

// Constants of shape [1] that Range reads become scalars.
std::vector<RewriteStep> scalar_range_operands();
// Nodes whose inputs are all constant become constants.
std::vector<RewriteStep> fold_constants();
// Shape and Size, and elements taken of them, where the dimensions are known.
std::vector<RewriteStep> fold_shapes();
// Reshapes to sizes that are put together at run time.
std::vector<RewriteStep> simplify_reshapes();
// Nodes whose results nobody reads.
std::vector<RewriteStep> remove_dead_nodes();
// Equal nodes on equal operands become one.
std::vector<RewriteStep> merge_equal_nodes();
// Operators that return an input: Identity, Dropout, x + 0, x · 1, Cast to the same type, Where by
// a constant …
std::vector<RewriteStep> remove_identities();
// Two re-arrangements in a row become one: Transpose, Reshape, Squeeze, Unsqueeze, Cast, Slice.
std::vector<RewriteStep> compose_chains();
std::vector<RewriteStep> compose_slices();
std::vector<RewriteStep> compose_squeezes();
// Unsqueeze of a Squeeze on the same axes.
std::vector<RewriteStep> cancel_squeezes();
// Transposes around elementwise operators move together and cancel.
std::vector<RewriteStep> push_transposes();
// Equal constants become one.
std::vector<RewriteStep> merge_equal_constants();
// BatchNormalization after Conv, ConvTranspose, Gemm goes into their weights.
std::vector<RewriteStep> fold_batch_normalization();
// Mul, Div, Add, Sub by constants for each channel after Conv goes into its weights.
std::vector<RewriteStep> fold_channel_constants();
// conv(x, w) + conv(y, w) becomes conv(x + y, w).
std::vector<RewriteStep> merge_convolution_sums();
// Pad with zeros before Conv and AveragePool becomes their own padding.
std::vector<RewriteStep> fold_pads();
// Taps of a convolution that meet nothing but padding are left out.
std::vector<RewriteStep> trim_convolutions();
// If with a constant condition becomes the branch that is taken.
std::vector<RewriteStep> inline_constant_if();
// Gelu, HardSwish, LayerNormalization written out become one node where the opset has it.
std::vector<RewriteStep> recognize_compositions(RuleSet set);
std::vector<RewriteStep> recognize_rms_normalization(RuleSet set);
std::vector<RewriteStep> recognize_attention();
// x · sigmoid(x), after the convolutions have taken theirs; in a session only.
std::vector<RewriteStep> recognize_swish();
// Sibling branches become one: the batching rules of `ops/batching` say how for each operator.
std::vector<RewriteStep> merge_branches();
// Grouped Conv along one axis becomes Conv along two where ONNX Runtime is faster; for it only.
std::vector<RewriteStep> lift_convolutions();

// --- lowering, in a session only ---

// Between DequantizeLinear and QuantizeLinear, operators on the integers themselves.
std::vector<RewriteStep> compute_on_integers();
// Weights that are dequantized in every run are dequantized once, and what is made of them alone.
std::vector<RewriteStep> dequantize_weights();
// QuantizeLinear and DequantizeLinear in a row become one pass, which stays in floats.
std::vector<RewriteStep> fuse_quantization();
// Classifiers of ai.onnx.ml number their classes; an operator of its own names them.
std::vector<RewriteStep> separate_string_labels();
// Activations and residuals go into the convolution before them.
std::vector<RewriteStep> fuse_conv();
// Grouped convolutions between Transposes read and write their operands in place.
std::vector<RewriteStep> raise_stacked_conv();
// A product of 16-bit floats takes the digits of the Softmax before it.
std::vector<RewriteStep> keep_softmax_digits();
// Bias, residual and activation go into the product before them.
std::vector<RewriteStep> fuse_matmul();
// Scale and bias go into the product of integers before them.
std::vector<RewriteStep> fuse_integer_matmul();
// Chains of elementwise operators become one pass over memory.
std::vector<RewriteStep> fuse_elementwise();

}  // namespace convoy
