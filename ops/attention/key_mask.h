// The masks of com.microsoft's attention operators: which keys a query does not see.
#pragma once

#include "ops/attention/attend.h"

namespace convoy {

class KeyMask {
 public:
  KeyMask() = default;
  // A mask of int32 of one of these shapes, for `batch` sequences of `queries` and `keys`:
  //   [batch], [3 · batch + 2]   how many keys there are, in the first `batch` elements
  //   [2 · batch]                ends of the keys seen, then their beginnings
  //   [batch, keys or 1]         0 for keys that are not seen
  //   [batch, queries, keys]     the same for each query
  //   [batch, 1, n, n]           the same for the positions of all keys
  // Throws kInvalidInput for another one.
  KeyMask(const TensorDesc& mask, int64_t batch, int64_t queries, int64_t keys, float hidden);

  bool present() const { return kind_ != Kind::kNone; }
  int64_t scratch_floats() const { return batch_ * rows_ * keys_; }
  // `hidden` for keys that are not seen and 0 for the others, written to `to`; the queries begin at
  // position `past`.
  Heads fill(const TensorView& mask, int64_t past, float* to) const;

 private:
  enum class Kind { kNone, kEnds, kRanges, kKeys, kQueries, kPositions };

  Kind kind_ = Kind::kNone;
  int64_t batch_ = 0;
  int64_t rows_ = 0;
  int64_t keys_ = 0;
  float hidden_ = 0;
};

}  // namespace convoy
