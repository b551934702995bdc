// The tasks of a convolution, one after the other, and where their operands begin.
#pragma once

#include <cstdint>

#include "ops/kernels/conv/direct_conv.h"

namespace convoy::kernels {

// Axes along which tasks are counted, innermost first.
enum TaskAxis {
  kOcPart,
  kWidthPart,
  kRowBlock,
  kDepth,
  kGroup1,
  kGroup0,
  kBatch1,
  kBatch0,
  kTaskAxes
};

// Without a division but to seek.
class TaskIndex {
 public:
  TaskIndex(const ConvProblem& problem, int64_t oc_parts, int64_t width_parts, int64_t row_blocks)
      : size_{oc_parts,
              width_parts,
              row_blocks,
              problem.spatial[0].output_size,
              problem.group[1].size,
              problem.group[0].size,
              problem.batch[1].size,
              problem.batch[0].size} {}

  void seek(int64_t task) {
    input_part_ = task / size_[kOcPart];
    for (int i = 0; i < kTaskAxes; ++i) {
      index_[i] = task % size_[i];
      task /= size_[i];
    }
  }

  void next() {
    if (index_[kOcPart] + 1 == size_[kOcPart]) ++input_part_;
    for (int i = 0; i < kTaskAxes; ++i) {
      if (++index_[i] < size_[i]) return;
      index_[i] = 0;
    }
  }

  // Calls run() at each of tasks first .. last - 1.
  template <class Run>
  void visit(int64_t first, int64_t last, Run run) {
    if (first >= last) return;
    seek(first);
    run();
    while (++first < last) {
      next();
      run();
    }
  }

  int64_t operator[](TaskAxis axis) const { return index_[axis]; }
  // The same for tasks that differ in their output channels alone: those read the same input.
  int64_t input_part() const { return input_part_; }

 private:
  const int64_t size_[kTaskAxes];
  int64_t index_[kTaskAxes] = {};
  int64_t input_part_ = 0;
};

// Elements from the beginning of each operand to those of a task's batch entry and group.
struct TaskOffsets {
  int64_t input = 0, output = 0, residual = 0;
  int64_t weight_group = 0;

  TaskOffsets(const ConvProblem& problem, const TaskIndex& task,
              const int64_t (&weight_group_strides)[2]) {
    add(problem.batch[0], task[kBatch0]);
    add(problem.batch[1], task[kBatch1]);
    add(problem.group[0], task[kGroup0]);
    add(problem.group[1], task[kGroup1]);
    weight_group =
        task[kGroup0] * weight_group_strides[0] + task[kGroup1] * weight_group_strides[1];
  }

 private:
  void add(const ConvLoop& loop, int64_t index) {
    input += index * loop.input_stride;
    output += index * loop.output_stride;
    residual += index * loop.residual_stride;
  }
};

}  // namespace convoy::kernels
