// Attention of one query head for each head of keys: MultiHeadAttention,
// DecoderMaskedMultiHeadAttention and the part of Attention behind its product.
#pragma once

#include "ops/attention/key_mask.h"
#include "runtime/op/op.h"

namespace convoy {

// Where the heads of one operand are: in input `input`, `offset` floats from its beginning.
struct HeadsInput {
  int input = -1;
  int64_t offset = 0;
  Heads heads;  // strides alone
  bool takes_bias = true;

  bool present() const { return input >= 0; }
};

// The node as the kernel computes it. Numbers of inputs and outputs are -1 where there is none.
struct MultiHead {
  AttentionSizes sizes;  // keys: as many as the presents have rows
  HeadsInput q, k, v, past_k, past_v;
  int64_t new_keys = 0;   // rows of k and v
  int64_t past_rows = 0;  // of past_k and past_v
  bool shared = false;    // the past lies in a buffer of the size of the present, of which
  int past_length = -1;   // ... this input says how many rows are filled
  int bias = -1;          // of q, k and v, in this order
  int mask = -1;
  int score_bias = -1;
  Heads score_bias_at;
  KeyMask key_mask;
  int present_k = -1, present_v = -1;
  int64_t present_v_offset = 0;
  Shape output;
  std::vector<Shape> presents;
};

// Operands with the types `inputs` of a node with the outputs `outputs`.
struct AttentionTypes {
  const Node& node;
  GivenTypes inputs;

  bool has(int i) const { return i >= 0 && inputs.has(static_cast<size_t>(i)); }
  const Shape& shape(int i) const { return inputs[static_cast<size_t>(i)].shape; }
  bool wants(size_t j) const {
    return j < node.outputs.size() && node.outputs[j] != ValueId::kNone;
  }
};

using MultiHeadReader = MultiHead (*)(const AttentionTypes&);

// Completes sizes, mask and bias of the scores, which all readers have in common; the attribute
// values are read by the caller.
void complete_multi_head(MultiHead& node, const AttentionTypes& types, float hidden);

// Adds the kernel and the inference of an operator that `read` describes.
void add_multi_head(OpDef& definition, MultiHeadReader read);

}  // namespace convoy
