#include "ops/kernels/elementwise/cursor.h"

namespace convoy::elementwise {

Cursor::Cursor(const StridedWalk& walk, int operand, int64_t start) : rank_(0), offset_(0) {
  for (int axis = 0; axis < walk.rank; ++axis) {
    int64_t size = walk.size[axis];
    int64_t step = walk.step[operand][axis];
    if (rank_ > 0 && step_[rank_ - 1] == step * size) {
      size_[rank_ - 1] *= size;
      step_[rank_ - 1] = step;
    } else {
      size_[rank_] = size;
      step_[rank_] = step;
      ++rank_;
    }
  }
  for (int axis = rank_ - 1; axis >= 0; --axis) {
    index_[axis] = start % size_[axis];
    start /= size_[axis];
    offset_ += index_[axis] * step_[axis];
  }
}

void Cursor::advance(int64_t points) {
  if (rank_ == 0) return;
  int axis = rank_ - 1;
  index_[axis] += points;
  offset_ += points * step_[axis];
  while (index_[axis] == size_[axis]) {
    offset_ -= size_[axis] * step_[axis];
    index_[axis] = 0;
    if (--axis < 0) return;
    ++index_[axis];
    offset_ += step_[axis];
  }
}

int64_t Cursor::period() const {
  int64_t points = 1;
  for (int axis = rank_ - 1; axis >= 0; --axis) {
    bool repeats_outside = axis == 0 && step_[0] == 0;
    if (!repeats_outside) points *= size_[axis];
  }
  return points;
}

}  // namespace convoy::elementwise
