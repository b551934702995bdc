// One strided operand, read or written in the order of the iteration space.
#pragma once

#include "ops/kernels/elementwise/strided_walk.h"

namespace convoy::elementwise {

// A place in one operand of a walk. Axes that this operand steps through evenly are merged, which
// the walk can only do where all operands agree.
class Cursor {
 public:
  Cursor() {}  // nothing is set: many are declared and few are used
  Cursor(const StridedWalk& walk, int operand, int64_t start);

  int64_t offset() const { return offset_; }
  int64_t row_step() const { return rank_ == 0 ? 0 : step_[rank_ - 1]; }
  int64_t left_in_row() const { return rank_ == 0 ? 1 : size_[rank_ - 1] - index_[rank_ - 1]; }
  // By at most left_in_row() points.
  void advance(int64_t points);

  // After so many points the same elements come again; the size of the space if they never do.
  int64_t period() const;

 private:
  int rank_;
  int64_t offset_;
  int64_t size_[kMaxRank];
  int64_t step_[kMaxRank];
  int64_t index_[kMaxRank];
};

}  // namespace convoy::elementwise
