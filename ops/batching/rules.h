// Batching rules, which operators name where they are registered.
#pragma once

#include <optional>

#include "runtime/op/batching.h"

namespace convoy {

std::vector<BatchedForm> batch_conv(const BatchingRequest& request);
std::vector<BatchedForm> batch_conv_transpose(const BatchingRequest& request);
// Operators on one tensor, element by element; further operands are the same for all.
std::vector<BatchedForm> batch_unary(const BatchingRequest& request);
// Bounds that are constants of each member become Max and Min.
std::vector<BatchedForm> batch_clip(const BatchingRequest& request);
// Element by element on operands that broadcast: Add, Where, PRelu …
std::vector<BatchedForm> batch_broadcasting(const BatchingRequest& request);
// QuantizeLinear and DequantizeLinear by one scale and zero point.
std::vector<BatchedForm> batch_quantization(const BatchingRequest& request);
std::vector<BatchedForm> batch_pool(const BatchingRequest& request);
std::vector<BatchedForm> batch_batch_normalization(const BatchingRequest& request);
std::vector<BatchedForm> batch_instance_normalization(const BatchingRequest& request);
std::vector<BatchedForm> batch_group_normalization(const BatchingRequest& request);
std::vector<BatchedForm> batch_lrn(const BatchingRequest& request);
std::vector<BatchedForm> batch_reduction(const BatchingRequest& request);
std::vector<BatchedForm> batch_arg_extremum(const BatchingRequest& request);
std::vector<BatchedForm> batch_top_k(const BatchingRequest& request);
std::vector<BatchedForm> batch_concat(const BatchingRequest& request);
std::vector<BatchedForm> batch_slice(const BatchingRequest& request);
std::vector<BatchedForm> batch_gather(const BatchingRequest& request);
std::vector<BatchedForm> batch_pad(const BatchingRequest& request);
// Reshape and Flatten.
std::vector<BatchedForm> batch_reshape(const BatchingRequest& request);
std::vector<BatchedForm> batch_unsqueeze(const BatchingRequest& request);
std::vector<BatchedForm> batch_squeeze(const BatchingRequest& request);
std::vector<BatchedForm> batch_transpose(const BatchingRequest& request);
std::vector<BatchedForm> batch_matmul(const BatchingRequest& request);
std::vector<BatchedForm> batch_gemm(const BatchingRequest& request);
std::vector<BatchedForm> batch_softmax(const BatchingRequest& request);
std::vector<BatchedForm> batch_layer_normalization(const BatchingRequest& request);
// LSTM, GRU and RNN with one set of weights: members are further batches.
std::vector<BatchedForm> batch_recurrent(const BatchingRequest& request);

// Sums of linear operators: one weight, applied to the sum of the inputs; different ones, to the
// inputs one after the other.
std::vector<BatchedForm> sum_conv(const BatchingRequest& request);
std::vector<BatchedForm> sum_matmul(const BatchingRequest& request);
std::vector<BatchedForm> sum_gemm(const BatchingRequest& request);

// A convolution or pooling node with one more spatial axis, on which its window is 1. `rank` is
// that of the node's input; 2 ≤ axis ≤ rank. nullopt where a list of the node has another length.
std::optional<Node> window_along_axis(const Node& node, int rank, int axis);
// weight · factor for each, its two axes swapped if asked; floating matrices.
std::vector<Tensor> prepared_weights(std::span<const Tensor> weights, bool swap, float factor);

// Is the first operand stacked, and of the rank of the result?
bool keeps_rank(const BatchingRequest& request);

// Every layout of members of this rank.
std::vector<StackLayout> all_layouts(int rank);

}  // namespace convoy
