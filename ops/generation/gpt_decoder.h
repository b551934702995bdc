// The decoder of GreedySearch and BeamSearch: a body that turns tokens and a past into logits.
#pragma once

#include <vector>

#include "runtime/graph/graph.h"
#include "runtime/op/kernel.h"

namespace convoy {

// The sequences as they grow, one a row; all have the same length.
using Sequences = std::vector<std::vector<int32_t>>;

// body(input_ids, position_ids, attention_mask, past_0, …) -> (logits, present_0, …): int32 of
// [rows, new], [rows, new] and [rows, all], pasts of [2, rows, heads, all, size].
class GptDecoder {
 public:
  // `first` runs the prompt, `later` the single tokens behind it. Throws kInvalidModel where a body
  // has other inputs and outputs.
  GptDecoder(BodyRunner& first, const Graph& first_graph, BodyRunner& later,
             const Graph& later_graph, ThreadPool& threads);

  // mask: rows of the attention mask for the prompt. Tokens that are `padding` have no position of
  // their own.
  void start(const Sequences& mask, int32_t padding) {
    mask_ = mask;
    padding_ = padding;
  }
  // Logits of the tokens behind the sequences, [rows][vocabulary]. A vocabulary of 0 is that of the
  // logits. The first call runs the whole sequences, others the last token.
  std::vector<std::vector<float>> step(const Sequences& sequences, int64_t vocabulary);
  // Row i goes on with the past of row rows[i].
  void reorder(const std::vector<int64_t>& rows);

 private:
  Value past_before(size_t input, int64_t rows) const;

  BodyRunner* first_;
  BodyRunner* later_;
  const Graph* graph_;  // of the first
  ThreadPool* threads_;
  Sequences mask_;
  int32_t padding_ = 0;
  std::vector<int32_t> positions_;  // of the next token
  std::vector<Value> past_;         // empty before the first call
  int64_t count_ = 0;               // of the logits of a row; 0 before the first call
};

}  // namespace convoy
