// softmax(q · kᵀ · scale + what is added) · v, float32, on strided heads: what the attention
// operators have in common.
#pragma once

#include <cstdint>

#include "ops/kernels/gemm/small_gemm.h"
#include "ops/kernels/softmax/softmax.h"
#include "runtime/op/kernel.h"

namespace convoy {

// [batch, heads, rows, columns] read from `data`; the columns of a row are neighbours. Strides
// count elements and are 0 where one element stands for all.
struct Heads {
  float* data = nullptr;
  int64_t batch = 0, head = 0, row = 0;

  float* at(int64_t b, int64_t h, int64_t r) const { return data + b * batch + h * head + r * row; }
};

struct AttentionSizes {
  int64_t batch = 0;
  int64_t heads = 0;     // of q
  int64_t kv_heads = 0;  // heads / kv_heads heads of q read one of k and v
  int64_t queries = 0;
  int64_t keys = 0;  // at most, of one batch entry
  int64_t head_size = 0;
  int64_t value_size = 0;  // columns of v and of the result
  float scale = 1;
  float softcap = 0;    // scores become softcap * tanh(scores / softcap); 0: no
  bool causal = false;  // query i reads the keys up to past + i
  int64_t window = 0;   // ... and of these the last `window`; 0: all
  // Scores written out: 0 none, 1 before the softmax, 2 after.
  int score_output = 0;
};

// One run. What is null is left out.
struct AttentionOperands {
  Heads q, k, v, y;
  Heads bias;                     // [batch, heads, queries, keys], added to the scores
  Heads mask;                     // the same with one head, added as well
  const float* sinks = nullptr;   // [heads]: a score that takes part in the softmax without a value
  const int64_t* past = nullptr;  // [batch]: keys before query 0; null: none
  const int64_t* length = nullptr;  // [batch]: keys there are, at most sizes.keys; null: all
  Heads scores;                     // [batch, heads, queries, keys]
};

// Immutable and thread-safe.
class Attend {
 public:
  Attend(const AttentionSizes& sizes, Isa isa, int threads);

  const AttentionSizes& sizes() const { return sizes_; }
  int64_t scratch_floats() const { return pieces_ * piece_floats_; }
  // scratch: scratch_floats() floats, 64-byte aligned.
  void run(const AttentionOperands& operands, ThreadPool& threads, float* scratch) const;

 private:
  struct Task;

  void run_task(const AttentionOperands& operands, const Task& task) const;
  void score(const AttentionOperands& operands, const Task& task) const;
  void weigh(const AttentionOperands& operands, const Task& task, int64_t row) const;

  AttentionSizes sizes_;
  kernels::SmallGemmKernel* gemm_;
  const SoftmaxKernels* softmax_;
  int64_t row_blocks_ = 0;
  int64_t pieces_ = 0;
  int64_t width_ = 0;  // floats between rows of scores
  int64_t piece_floats_ = 0;
};

}  // namespace convoy
