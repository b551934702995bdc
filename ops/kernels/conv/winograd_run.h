// A Winograd convolution at work, task by task.
#pragma once

#include <cstdint>

#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/task_index.h"
#include "ops/kernels/conv/winograd_conv.h"

namespace convoy::kernels {

// What one thread does of a convolution. Several may share the tasks, each with a scratch of its
// own, which holds what one task leaves for the next: tables, and the transformed input.
class WinogradRun {
 public:
  // All that is passed must outlive the run; the scratch is WinogradConv::scratch_size() floats.
  WinogradRun(const WinogradConv& conv, const ConvOperands& operands, float* scratch);
  // Tasks first .. last - 1.
  void run_tasks(int64_t first, int64_t last);

 private:
  static constexpr int64_t kSums = WinogradConv::kSums;

  // Outputs of a task: pairs `first` and `first + dilation` along the last axis, of whole segments
  // or of a run. first_count outputs of a row follow `first`; with several runs to a segment,
  // second_count follow first + dilation.
  struct Block {
    int64_t input_part;  // the same for blocks of other output channels
    int64_t panel_begin, panel_end;
    const float* input;
    const float* weights;
    const float* bias;
    const float* residual;
    float* output;
    int64_t depth, row, rows;
    int64_t first, first_count, second_count;
    int64_t segments, run, tiles;
  };

  struct Rows {
    const float* data;
    int64_t row;  // elements from one row to the next
  };

  // What the numbers of a block's pixels depend on.
  struct Numbered {
    int64_t rows = 0, tiles = 0, first_count = 0, second_count = 0;
    friend bool operator==(const Numbered&, const Numbered&) = default;
  };

  void fill_offsets();
  Block block_at_task() const;
  void run(const Block& block);
  void place(int64_t index, Block* block) const;
  void transform_input(const Block& block);
  void transform_runs(const Block& block, const float* slice, bool inside, float* v);
  void transform_segments(const Block& block, const float* slice, bool inside, float* v);
  bool transform_channels(const Block& block);
  void transform_rows(const Block& block, WinogradInput* input) const;
  void transform_pairs(int64_t runs, int64_t run, WinogradInput* input) const;
  void transform_near(const Block& block, const float* slice, bool inside, float* v);
  Rows read(const Block& block, const float* slice, bool inside, int64_t row, int64_t rows,
            int64_t first, int64_t count, float* to) const;
  void compute(const Block& block, int64_t panel);
  void number_pixels(const Block& block);
  bool store_pairs(const Block& block, int64_t panel);
  void store_repaired(const Block& block, int64_t panel) const;
  bool combine(const Block& block, int64_t panel) const;
  void repair(const Block& block, int64_t panel) const;
  float plain_sum(const Block& block, const float* weights, int64_t width, int64_t row,
                  int64_t column) const;
  ChannelStore destination(const Block& block, int64_t panel, int64_t column, int64_t count) const;

  const WinogradConv& conv_;
  const ConvProblem& p_;
  const ConvKernels& kernels_;
  const ConvOperands& operands_;
  TaskIndex task_;
  int64_t held_part_ = -1;  // of the input that is transformed, in planes_
  int64_t* offsets_;
  float* planes_;
  float* raw_;
  float* halves_;
  float* sums_;
  float* outputs_;
  WinogradPixel* pixels_;
  Numbered numbered_;  // in pixels_
  int64_t plane_;
};

}  // namespace convoy::kernels
