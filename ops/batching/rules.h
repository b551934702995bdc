// Batching rules, for the table.
#pragma once

#include "runtime/op/batching.h"

namespace convoy {

std::vector<BatchedForm> batch_conv(const BatchingRequest& request);
// Operators on one tensor, element by element; further operands are the same for all.
std::vector<BatchedForm> batch_unary(const BatchingRequest& request);
// Element by element on operands that broadcast: Add, Where, PRelu …
std::vector<BatchedForm> batch_broadcasting(const BatchingRequest& request);
std::vector<BatchedForm> batch_pool(const BatchingRequest& request);
std::vector<BatchedForm> batch_batch_normalization(const BatchingRequest& request);
std::vector<BatchedForm> batch_unsqueeze(const BatchingRequest& request);
std::vector<BatchedForm> batch_squeeze(const BatchingRequest& request);
std::vector<BatchedForm> batch_transpose(const BatchingRequest& request);
std::vector<BatchedForm> batch_matmul(const BatchingRequest& request);
std::vector<BatchedForm> batch_gemm(const BatchingRequest& request);
std::vector<BatchedForm> batch_softmax(const BatchingRequest& request);
std::vector<BatchedForm> batch_layer_normalization(const BatchingRequest& request);

// Every layout of members of this rank.
std::vector<StackLayout> all_layouts(int rank);

}  // namespace convoy
