// What GreedySearch and BeamSearch do to the scores of the next token.
#pragma once

#include "ops/generation/gpt_decoder.h"

namespace convoy {

// The operands and attributes that both have.
struct SearchSettings {
  int32_t end = 0;  // the token that ends a sequence
  int32_t padding = 0;
  int64_t vocabulary = 0;  // 0: that of the logits
  int64_t no_repeat = 0;   // n-grams of so many tokens occur once; 0: no
  int64_t max_length = 0;
  int64_t min_length = 0;
  float repetition_penalty = 1;
  std::vector<int32_t> vocabulary_mask;  // 0: never; empty: all may come
  std::vector<int32_t> prefix_mask;      // [batch, vocabulary], for the first token
  int64_t batch = 0;
  Sequences prompt;       // [batch]
  Sequences prompt_mask;  // [batch]
};

// Numbers of the inputs; -1 where the operator has none.
struct SearchInputs {
  int repetition_penalty, vocabulary_mask, prefix_mask, attention_mask;
};

SearchSettings read_search_attributes(AttributeReader& attributes);
void read_search_inputs(KernelContext& context, const SearchInputs& inputs,
                        SearchSettings& settings);

// An int32 or float32 of one element; `otherwise` where the input is left out.
int64_t integer_input(KernelContext& context, int i, const char* what, int64_t otherwise);
float number_input(KernelContext& context, int i, const char* what, float otherwise);

// Changes the scores of the token behind `sequence` of batch entry `batch`.
void adjust_scores(const SearchSettings& settings, const std::vector<int32_t>& sequence,
                   int64_t batch, bool first, std::vector<float>& scores);

}  // namespace convoy
