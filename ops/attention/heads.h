// Where heads lie in the operands of attention operators, and moving them.
#pragma once

#include <string>
#include <vector>

#include "ops/attention/attend.h"

namespace convoy {

// [batch, rows, heads · size]
inline Heads side_by_side(float* data, int64_t rows, int64_t heads, int64_t size) {
  return {data, rows * heads * size, size, heads * size};
}
// [batch, heads, rows, size]
inline Heads one_by_one(float* data, int64_t rows, int64_t heads, int64_t size) {
  return {data, heads * rows * size, rows * size, size};
}

struct HeadBlock {
  int64_t batch = 0, heads = 0, rows = 0, size = 0;
  int64_t count() const;  // throws where it overflows
};

// to = from + bias, whose [heads · size] numbers stand for all rows and may be null.
void copy_heads(const HeadBlock& block, const Heads& from, const Heads& to, const float* bias,
                ThreadPool& threads);

// The bias that is added to scores: [batch or 1, heads or 1, queries, at least keys] where
// `exactly` is not set. Throws kInvalidInput for another shape.
Heads describe_bias(const TensorDesc& bias, const AttentionSizes& sizes, bool exactly);

// `attribute` if it is set and not 0, 1 / √size otherwise.
float scale_of_scores(AttributeReader& attributes, int64_t size);

// Floats behind each other in a kernel's scratch.
class ScratchLayout {
 public:
  int64_t take(int64_t floats);  // the place of the first
  size_t bytes() const { return static_cast<size_t>(floats_) * sizeof(float); }

 private:
  int64_t floats_ = 0;
};

}  // namespace convoy
