// A Winograd convolution along pixels at work, task by task.
#pragma once

#include <cstdint>

#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/task_index.h"
#include "ops/kernels/conv/winograd_pixels.h"

namespace convoy::kernels {

// What one thread does of a convolution. Several may share the tasks, each with a scratch of its
// own, which holds nothing from one task to the next.
class WinogradPixelsRun {
 public:
  // All that is passed must outlive the run; the scratch is scratch_size() floats.
  WinogradPixelsRun(const WinogradPixelsConv& conv, const ConvOperands& operands, float* scratch);
  // Tasks first .. last - 1.
  void run_tasks(int64_t first, int64_t last);

 private:
  static constexpr int kSums = WinogradPixelsConv::kSums;
  static constexpr int kMaxLanes = 16;

  // Vectors vector_begin .. vector_end - 1 of some rows, and so many gathered pairs of each, for
  // blocks of output channels oc_begin .. oc_end - 1.
  struct Block {
    const float* input;
    const float* weights;
    const float* bias;
    const float* residual;
    float* output;
    int64_t depth, row, rows;
    int64_t vector_begin, vector_end;
    int64_t gathered;
    int64_t oc_begin, oc_end;
  };

  // Of output channel 0.
  struct Output {
    float* y;
    const float* residual;  // may be null
  };

  // One pair that was gathered.
  struct Pair {
    int64_t row, column;
    int64_t to_second;  // from the first output to the second; 0 where there is none
    Output to;
  };

  // Vectors of outputs of a row from a column on, and after them vectors of gathered pairs.
  struct Panel {
    int64_t vectors;
    int64_t placed;  // those that are not gathered
    bool whole;      // all are whole vectors of outputs
    int64_t rows[kMaxPairVectors];
    int64_t columns[kMaxPairVectors];
    const float* inputs[kMaxPairVectors];  // rows, of the first taps of the other axes
    PairPlace places[kMaxPairVectors];
    int64_t pair_count;
    Pair pairs[kMaxPairVectors * kMaxLanes];
  };

  // The vectors of a block, one after the other.
  struct Cursor {
    int64_t vectors, placed;  // of the block, and how many of them are not gathered
    int64_t panels;
    int64_t vector = 0, panel = 0;
    int64_t row, of_row, column, first_column;
    int64_t run_left, first_left;  // vectors of the first half of a segment
    Output output;                 // of the row
    const float* input;
  };

  // The taps that a transform is for.
  struct Taps {
    int64_t kd, kh, window;
  };

  Block block_at_task() const;
  void run(const Block& block);
  Cursor begin(const Block& block) const;
  void fill(const Block& block, Cursor* at, Panel* panel) const;
  void begin_row(const Block& block, Cursor* at) const;
  void add_vector(const Cursor& at, Panel* panel) const;
  void add_pairs(const Block& block, int64_t first, int64_t count, Panel* panel) const;
  void run_panel(const Block& block, const Panel& panel, const Panel& next);
  void prefetch(const Panel& panel, int64_t begin, int64_t end) const;
  const float* input_row(const Block& block, int64_t row, const Taps& taps) const;
  void transform(const Block& block, const Panel& panel);
  void transform_vectors(const Block& block, const Panel& panel, const Taps& taps,
                         PairInput& input) const;
  void transform_gathered(const Block& block, const Panel& panel, const Taps& taps,
                          const PairInput& input) const;
  void run_block(const Block& block, const Panel& panel, int64_t oc_block);
  void store(const Block& block, const Panel& panel, int64_t oc_block);
  void store_gathered(const Panel& panel, int64_t channel, int64_t channels, bool finished) const;
  void store_repaired(const Block& block, const Panel& panel, int64_t oc_block);
  Output output(const Block& block, int64_t row, int64_t column) const;
  void store_one(const Output& to, int64_t channel, int64_t at, float value, bool finished) const;
  float plain_sum(const Block& block, int64_t oc_block, int64_t o, int64_t row,
                  int64_t column) const;

  const WinogradPixelsConv& conv_;
  const ConvProblem& p_;
  const ConvKernels& kernels_;
  const ConvOperands& operands_;
  TaskIndex task_;
  const ConvClamp clamp_;
  const bool apart_;  // the epilogue is a pass of its own
  float* inputs_;
  float* sums_;
  float* outputs_;      // of what is repaired
  PairTile tile_ = {};  // what all tiles have in common
};

}  // namespace convoy::kernels
