#include "ops/attention/key_mask.h"

#include <algorithm>

namespace convoy {

KeyMask::KeyMask(const TensorDesc& mask, int64_t batch, int64_t queries, int64_t keys, float hidden)
    : batch_(batch), rows_(1), keys_(keys), hidden_(hidden) {
  check_input(mask.dtype == DType::kInt32, "the mask is of {}, not int32", to_string(mask.dtype));
  const Shape& shape = mask.shape;
  auto last_fits = [&] { return shape.back() <= keys; };
  if (shape.rank() == 1 && (shape[0] == batch || shape[0] == 3 * batch + 2)) {
    kind_ = Kind::kEnds;
  } else if (shape.rank() == 1 && shape[0] == 2 * batch) {
    kind_ = Kind::kRanges;
  } else if (shape.rank() == 2 && shape[0] == batch && last_fits()) {
    kind_ = Kind::kKeys;
  } else if (shape.rank() == 3 && shape[0] == batch && shape[1] == queries && last_fits()) {
    kind_ = Kind::kQueries;
    rows_ = queries;
  } else if (shape.rank() == 4 && shape[0] == batch && shape[1] == 1 && shape[2] >= queries &&
             shape[3] >= keys) {
    kind_ = Kind::kPositions;
    rows_ = queries;
  }
  check_input(kind_ != Kind::kNone,
              "a mask of shape {} does not fit {} sequences of {} queries and {} keys",
              to_string(shape), batch, queries, keys);
  checked_multiply(checked_multiply(batch_, rows_), keys_);
}

Heads KeyMask::fill(const TensorView& mask, int64_t past, float* to) const {
  const auto* from = mask.as<int32_t>();
  for (int64_t b = 0; b < batch_; ++b) {
    for (int64_t r = 0; r < rows_; ++r) {
      float* row = to + (b * rows_ + r) * keys_;
      if (kind_ == Kind::kEnds || kind_ == Kind::kRanges) {
        const int64_t begin = kind_ == Kind::kRanges ? from[batch_ + b] : 0;
        for (int64_t t = 0; t < keys_; ++t) row[t] = t >= begin && t < from[b] ? 0 : hidden_;
        continue;
      }
      const int64_t columns = mask.shape.back();
      int64_t at = (b * rows_ + r) * columns;
      if (kind_ == Kind::kPositions) {
        check_input(past + rows_ <= mask.shape[2], "the mask has {} rows, {} are needed",
                    mask.shape[2], past + rows_);
        at = (b * mask.shape[2] + past + r) * columns;
      }
      const int64_t given = std::min(columns, keys_);
      const bool repeats = columns == 1;
      for (int64_t t = 0; t < keys_; ++t) {
        const bool seen = repeats || t < given ? from[at + (repeats ? 0 : t)] != 0 : true;
        row[t] = seen ? 0 : hidden_;
      }
    }
  }
  return {to, rows_ * keys_, 0, rows_ == 1 ? 0 : keys_};
}

}  // namespace convoy
