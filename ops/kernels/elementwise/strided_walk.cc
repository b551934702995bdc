#include "ops/kernels/elementwise/strided_walk.h"

#include <cstdlib>
#include <utility>

namespace convoy::elementwise {
namespace {

void swap_axes(StridedWalk& walk, int a, int b) {
  std::swap(walk.size[a], walk.size[b]);
  for (int k = 0; k < walk.operands; ++k) std::swap(walk.step[k][a], walk.step[k][b]);
}

void sort_axes(StridedWalk& walk) {
  for (int i = 1; i < walk.rank; ++i) {
    for (int j = i; j > 0 && std::abs(walk.step[0][j - 1]) < std::abs(walk.step[0][j]); --j) {
      swap_axes(walk, j - 1, j);
    }
  }
}

void merge_axes(StridedWalk& walk) {
  int kept = 0;
  for (int i = 0; i < walk.rank; ++i) {
    bool mergeable = kept > 0;
    for (int k = 0; k < walk.operands && mergeable; ++k) {
      mergeable = walk.step[k][kept - 1] == walk.step[k][i] * walk.size[i];
    }
    int target = mergeable ? kept - 1 : kept;
    walk.size[target] = mergeable ? walk.size[target] * walk.size[i] : walk.size[i];
    for (int k = 0; k < walk.operands; ++k) walk.step[k][target] = walk.step[k][i];
    kept = target + 1;
  }
  walk.rank = kept;
}

}  // namespace

StridedWalk::StridedWalk(std::span<const TensorDesc* const> descs) {
  const Shape& space = descs[0]->shape;
  operands = static_cast<int>(descs.size());
  check_internal(operands <= kMaxOperands, "{} operands in one walk", operands);
  count = element_count(space);
  Strides strides[kMaxOperands];
  for (int k = 0; k < operands; ++k) {
    const TensorDesc& desc = *descs[static_cast<size_t>(k)];
    strides[k] = broadcast_strides(desc.shape, desc.strides, space);
  }
  for (int axis = 0; axis < space.rank(); ++axis) {
    if (space[axis] == 1) continue;
    size[rank] = space[axis];
    for (int k = 0; k < operands; ++k) step[k][rank] = strides[k][axis];
    ++rank;
  }
  sort_axes(*this);
  merge_axes(*this);
}

WalkPosition::WalkPosition(const StridedWalk& walk, int64_t start) : walk_(walk) {
  if (walk.rank == 0 || walk.count == 0) return;
  for (int axis = walk.rank - 1; axis >= 0; --axis) {
    int64_t index = start % walk.size[axis];
    start /= walk.size[axis];
    if (axis == walk.rank - 1) {
      column_ = index;
    } else {
      index_[axis] = index;
    }
    for (int k = 0; k < walk.operands; ++k) offset_[k] += index * walk.step[k][axis];
  }
}

void WalkPosition::advance(int64_t points) {
  column_ += points;
  if (walk_.rank == 0) return;
  int last = walk_.rank - 1;
  for (int k = 0; k < walk_.operands; ++k) offset_[k] += points * walk_.step[k][last];
  if (column_ < walk_.size[last]) return;
  column_ = 0;
  for (int k = 0; k < walk_.operands; ++k) offset_[k] -= walk_.size[last] * walk_.step[k][last];
  for (int axis = last - 1; axis >= 0; --axis) {
    for (int k = 0; k < walk_.operands; ++k) offset_[k] += walk_.step[k][axis];
    if (++index_[axis] < walk_.size[axis]) return;
    index_[axis] = 0;
    for (int k = 0; k < walk_.operands; ++k) {
      offset_[k] -= walk_.size[axis] * walk_.step[k][axis];
    }
  }
}

}  // namespace convoy::elementwise
