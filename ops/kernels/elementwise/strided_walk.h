// Walks several strided operands in step, as rows along one axis.
#pragma once

#include <span>

#include "runtime/device/tensor_view.h"

namespace convoy::elementwise {

inline constexpr int kMaxOperands = 24;

// The axes of an iteration space with the step of each operand along them, in elements. Axes of
// size 1 are gone, axes that every operand steps through evenly are merged, and the last axis is
// the one along which the first operand has its smallest step.
struct StridedWalk {
  int rank = 0;
  int operands = 0;
  int64_t count = 0;  // points of the space
  int64_t size[kMaxRank] = {};
  int64_t step[kMaxOperands][kMaxRank] = {};

  // operands[0] gives the space, every other operand broadcasts to it. All are plain.
  explicit StridedWalk(std::span<const TensorDesc* const> descs);

  int64_t row_length() const { return rank == 0 ? 1 : size[rank - 1]; }
  int64_t row_step(int operand) const { return rank == 0 ? 0 : step[operand][rank - 1]; }
};

// A position in the space, in row-major order over the walk's axes.
class WalkPosition {
 public:
  WalkPosition(const StridedWalk& walk, int64_t start);

  int64_t offset(int operand) const { return offset_[operand]; }
  int64_t left_in_row() const { return walk_.row_length() - column_; }
  // By at most left_in_row().
  void advance(int64_t points);

 private:
  const StridedWalk& walk_;
  int64_t column_ = 0;
  int64_t index_[kMaxRank] = {};
  int64_t offset_[kMaxOperands] = {};
};

// Calls row(position, points) over the points [begin, end), one call for each part of a row.
template <typename Row>
void for_each_row(const StridedWalk& walk, int64_t begin, int64_t end, const Row& row) {
  WalkPosition position(walk, begin);
  for (int64_t i = begin; i < end;) {
    int64_t points = std::min(position.left_in_row(), end - i);
    row(position, points);
    position.advance(points);
    i += points;
  }
}

}  // namespace convoy::elementwise
