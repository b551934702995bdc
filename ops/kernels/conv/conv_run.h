// A direct convolution at work, task by task.
#pragma once

#include <cstdint>
#include <optional>

#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/direct_conv.h"
#include "ops/kernels/conv/half_storage.h"
#include "ops/kernels/conv/task_index.h"

namespace convoy::kernels {

// What one thread does of a convolution. Several may share the tasks, each with a scratch of its
// own, which holds what one task leaves for the next: tables, and input in the kernel's form.
class ConvRun {
 public:
  // All that is passed must outlive the run; the scratch is DirectConv::scratch_size() floats.
  ConvRun(const DirectConv& conv, const ConvOperands& operands, float* scratch);
  // Tasks first .. last - 1.
  void run_tasks(int64_t first, int64_t last);

 private:
  // Output channels of blocks block_begin .. block_end - 1 at rows row .. row + rows - 1 of depth.
  struct Area {
    const float* input;
    const float* weights;
    const float* bias;
    const float* residual;
    float* output;
    const uint16_t* half_input;
    const uint16_t* half_residual;
    uint16_t* half_output;
    int64_t block_begin, block_end;
    int64_t depth, row, rows;
    int64_t column_begin, column_end;
  };

  // How a row of so many outputs is cut into tiles: wide ones of a vector more, then narrow ones.
  struct Cut {
    int64_t wide_tiles, narrow_tiles, narrow_vectors;
  };

  // Where the taps of an output's window lie, and in what runs they lie equally far apart.
  struct Taps {
    int64_t* offsets;
    int64_t run = 1;
    int64_t step = 0;
  };

  void find_taps();
  void use(const Taps& taps, ConvTile* tile) const;
  void run();  // the task at hand
  Area area(const TaskIndex& task) const;
  const float* first_input(const Area& area, int64_t column) const;
  void foresee(const Area& area, int64_t column, int64_t end, ConvTile* tile) const;
  bool reads_no_padding(const Area& area) const;
  void run_depthwise(const Area& area, int64_t begin, int64_t end);
  void run_packed(const Area& area, int64_t begin, int64_t end);
  void run_in_place(const Area& area, int64_t begin, int64_t end);
  void hold(const Area& area, int64_t begin, int64_t count);
  void pack(const Area& area, int64_t begin, int64_t count);
  void prefetch(const Area& area, int64_t begin) const;
  void compute(const Area& area, ConvTile* tile, int64_t column, int64_t count);
  void compute_channels(const Area& area, const ConvTile& tile, int64_t column);
  void finish_channels(const Area& area, const ChannelStore& store, int64_t channel,
                       int64_t column) const;
  void finish_half(const Area& area, float* values, int64_t channel, int64_t row, int64_t column,
                   int64_t count) const;
  void compute_direct(const Area& area, ConvTile* tile, int64_t column);
  void place(const Area& area, int64_t channel, int64_t column, ConvTile* tile) const;
  void activate(const ConvTile& tile, int64_t channels) const;
  void compute_bounced(const Area& area, ConvTile tile, int64_t block, int64_t column);
  void run_tile(int64_t channels, ConvTile* tile) const;
  static void run_tiles(ConvTileFunction run, ConvTile* tile);
  void finish(const Area& area, int64_t channel, int64_t channels, int64_t row, int64_t column,
              int64_t count);
  Cut cut_row(int64_t channels, int64_t count) const;

  const DirectConv& conv_;
  const ConvProblem& p_;
  const ConvKernels& kernels_;
  const ConvOperands& operands_;
  TaskIndex task_;
  int64_t held_part_ = -1;  // of the input that is packed
  int64_t held_column_ = -1;
  Taps in_place_;
  Taps in_packed_;
  float* packed_;
  float* bounce_;
  Cut cuts_[2] = {};  // of rows of cut_count_ outputs, in the larger and the smaller block
  int64_t cut_count_ = -1;
  const ConvClamp clamp_;
  bool activate_ = false;            // the epilogue is a pass of its own
  std::optional<HalfStorage> half_;  // where input, residual and output are 16-bit floats
};

}  // namespace convoy::kernels
