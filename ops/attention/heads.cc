#include "ops/attention/heads.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace convoy {

int64_t HeadBlock::count() const {
  return checked_multiply(checked_multiply(batch, heads), checked_multiply(rows, size));
}

void copy_heads(const HeadBlock& block, const Heads& from, const Heads& to, const float* bias,
                ThreadPool& threads) {
  if (bias == nullptr && from.data == to.data) return;
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, block.size));
  const int64_t lines = block.batch * block.heads * block.rows;
  threads.parallel_for(lines, grain, [&](int64_t begin, int64_t end) {
    for (int64_t line = begin; line < end; ++line) {
      const int64_t row = line % block.rows;
      const int64_t head = line / block.rows % block.heads;
      const int64_t batch = line / block.rows / block.heads;
      const float* x = from.at(batch, head, row);
      float* y = to.at(batch, head, row);
      if (bias == nullptr) {
        std::memmove(y, x, static_cast<size_t>(block.size) * sizeof(float));
        continue;
      }
      const float* added = bias + head * block.size;
      for (int64_t i = 0; i < block.size; ++i) y[i] = x[i] + added[i];
    }
  });
}

Heads describe_bias(const TensorDesc& bias, const AttentionSizes& sizes, bool exactly) {
  const Shape& shape = bias.shape;
  bool fits = shape.rank() == 4 && (shape[0] == 1 || shape[0] == sizes.batch) &&
              (shape[1] == 1 || shape[1] == sizes.heads) && shape[2] == sizes.queries;
  fits = fits && (exactly ? shape[3] == sizes.keys : shape[3] <= sizes.keys);
  check_input(fits, "a bias of shape {} does not fit scores of shape [{},{},{},{}]",
              to_string(shape), sizes.batch, sizes.heads, sizes.queries, sizes.keys);
  const int64_t plane = shape[2] * shape[3];
  return {nullptr, shape[0] == 1 ? 0 : shape[1] * plane, shape[1] == 1 ? 0 : plane, shape[3]};
}

float scale_of_scores(AttributeReader& attributes, int64_t size) {
  const float scale = attributes.number("scale", 0);
  return scale != 0 ? scale : 1.0f / std::sqrt(static_cast<float>(size));
}

int64_t ScratchLayout::take(int64_t floats) {
  constexpr int64_t kStep = 16;
  const int64_t at = floats_;
  int64_t whole = checked_multiply((floats + kStep - 1) / kStep, kStep);
  check_supported(whole <= std::numeric_limits<int64_t>::max() / 8 - floats_,
                  "the operands are too large");
  floats_ += whole;
  return at;
}

}  // namespace convoy
