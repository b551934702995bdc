// What a kernel file for one instruction set provides to direct_conv.cc.
#pragma once

#include <cstdint>

#include "ops/kernels/activation/activate_row.h"
#include "ops/kernels/conv/direct_conv.h"

namespace convoy::kernels {

// Blocks of output channels, of the size of the function called, over some rows of outputs; of one:
// y[o][r][i] = clamp(bias[o] + sum over t < terms of weights[t][o] * x[r][offsets[t] + i]
//                    + residual[o][r][i])
// for begin <= i < limit, in tiles of the width of the function called. The tiles of a row start
// one after the other; the last vector of the last is moved back to end at limit. Only where
// limit < lanes is a tile cut short, and then all lanes of x must still be readable. Weights, bias
// and channels of a block follow those of the one before.
//
// Operands that come from memory are asked for ahead of time: with each tile soon_lines cache lines
// from soon on, of one channel after the other.
struct ConvTile {
  const float* x;
  int64_t x_row;  // elements from one row to the next
  const int64_t* offsets;
  int64_t terms;
  int64_t taps;      // in each run of so many, a divisor of terms, offsets are
  int64_t tap_step;  // this far apart; only the first is read
  const float* weights;
  const float* bias;  // may be null
  int64_t blocks;
  float* y;
  int64_t y_row;
  int64_t y_channel;
  const float* residual;  // may be null
  int64_t residual_row;
  int64_t residual_channel;
  int64_t rows;
  int64_t begin;
  int64_t tiles;
  int64_t limit;
  bool clamp;
  float low;
  float high;
  const float* soon = nullptr;
  int64_t soon_channel = 0;  // elements from one channel to the next
  int64_t soon_channels = 0;
  int64_t soon_lines = 0;
};

// Rows of outputs of a channel on its own, over the inputs where they lie:
// y[r][i] = clamp(bias + sum over t < tap_rows, k < taps of
//                 weights[t][k] * input(r, t)[i * stride + k] + residual[r][i])
// for i < outputs. input(r, t) is row first_row + r * row_step + t * row_apart, the first of them
// at x. It reads as zero where that is not in [0, row_count), and outside of [begin, end).
struct DepthwiseRows {
  const float* x;
  int64_t x_row;  // elements from one row of input to the next
  int64_t first_row, row_step, row_apart, row_count;
  int64_t begin, end;
  int64_t tap_rows;
  int64_t taps;
  int64_t stride;  // 1 or 2
  const float* weights;
  float bias;
  float* y;
  int64_t y_row;
  const float* residual;  // may be null
  int64_t residual_row;
  int64_t rows;
  int64_t outputs;
  bool clamp;
  float low;
  float high;
};

// Of so many taps in a row, how many the functions of a ConvTile take at once. There is a loop for
// each such number: one that counts them has a third more instructions beside the sums, which tells
// where another process shares the core.
constexpr int64_t taps_at_once(int64_t taps) {
  for (const int64_t most : {5, 3, 2})
    if (taps % most == 0) return most;
  return 1;
}

// Rows of scratch from rows of input: dst[i * dst_row + j] =
// src[(first_row + i * row_step) * row_stride + (first + j * step) * stride] for 0 <= i < rows,
// 0 <= j < count; 0 where the row is outside [0, row_size) or the column outside [0, size).
struct ConvPack {
  float* dst;  // up to a vector beyond the last element may be overwritten
  int64_t dst_row;
  int64_t rows;
  int64_t count;
  const float* src;
  int64_t first_row, row_step, row_size, row_stride;
  int64_t first, step, size, stride;
};

// One panel of output channels over rows of pixels: sums[pixel][c] = bias[c] + sum over t < terms
// of weights[t][c] * x[row][offsets[t] + column], for all channels c of so many whole vectors.
// Without bias the sum is added to sums.
struct ChannelTile {
  const float* x;
  int64_t x_row;  // elements from one row of pixels to the next
  const int64_t* offsets;
  int64_t terms;
  const float* weights;
  const float* bias;  // of whole vectors; may be null
  float* sums;        // pixels are numbered row by row
  int64_t rows;
  int64_t columns;
};

// y[c][row][column] = clamp(sums[row * columns + column][c] + residual[c][row][column]) for
// c < channels.
struct ChannelStore {
  const float* sums;
  int64_t sums_pixel;  // elements from one pixel to the next
  int64_t channels;
  int64_t rows;
  int64_t columns;
  float* y;
  int64_t y_row;
  int64_t y_channel;
  const float* residual;  // may be null; must not overlap y
  int64_t residual_row;
  int64_t residual_channel;
  bool clamp;
  float low;
  float high;
};

// y[pixel][c] = clamp(scale * sums[pixel][c] + bias[c] + residual[pixel][c]) for c < channels.
struct PixelStore {
  const float* sums;
  int64_t sums_pixel;  // elements from one pixel to the next
  int64_t pixels;
  int64_t channels;
  float scale;
  const float* bias;      // may be null
  const float* residual;  // may be null; may be y
  int64_t residual_pixel;
  float* y;
  int64_t y_pixel;
  bool clamp;
  float low;
  float high;
};

// v[row][j * v_copy + r * run + i] for i < run, r < runs: x0 - x2, x1 + x2, x2 - x1 and x1 - x3 of
// xk = x[k][row][r * x_run + i].
struct WinogradInput {
  const float* x[4];
  int64_t x_row;  // elements from one row to the next
  int64_t x_run;
  int64_t rows;
  int64_t runs;
  int64_t run;
  bool whole;  // one run, and a whole vector may be read and written in place of a shorter one
  int64_t begin, end;  // of winograd_near_input alone
  float* v;
  int64_t v_row;
  int64_t v_copy;
};

// Pairs of output pixels from four sums each, sums[j * sums_copy + tile][channel]; see
// winograd_conv.h. Tiles go row by row, in `runs` runs of `run`; tile i of a run gives pixel
// run * output_run + i of the first and of the second half, where that is below the count.
struct WinogradOutput {
  const float* sums;
  int64_t sums_copy;
  int64_t tiles;  // of a row
  int64_t rows;
  int64_t runs;
  int64_t run;
  int64_t output_run;
  float* first;
  float* second;
  int64_t first_row;  // elements from one row to the next
  int64_t second_row;
  int64_t first_count;  // pixels of a row; second_count is not more
  int64_t second_count;
};

// Where an output pixel comes from: the first or the second of the pair of a tile.
struct WinogradPixel {
  int32_t tile;
  int32_t second;  // 0 or 1
};

// What WinogradOutput says of pairs, straight to the output: pixel i of `to`, numbered row by row,
// is pixels[i]. At least a vector of columns; to.sums are the four sums of the tiles, sums_copy
// elements apart.
struct WinogradStore {
  ChannelStore to;
  int64_t sums_copy;
  const WinogradPixel* pixels;
};

constexpr int kMaxPairChannels = 6;  // of a block
constexpr int kMaxPairVectors = 4;   // of a panel

// Inputs of some vectors of pairs, as winograd_pixels.h has them: x[0 .. lanes - 1] and x[step ..
// step + lanes - 1] hold the first and second inputs of the pairs, `further` elements on lie the
// third and fourth. Of each row, v gets v0 = x0 - x2, v1 = x1 + x2, v2 = x2 - x1 and v3 = x1 - x3
// of one vector after the other.
struct PairInput {
  const float* x[kMaxPairVectors];
  int64_t vectors;
  int64_t x_row;  // elements from one row to the next
  int64_t rows;
  int64_t step;
  int64_t further;
  bool whole;          // all inputs that vectors would read are there
  int64_t begin, end;  // else x[i] reads as zero for i < begin and i >= end
  float* v;
  int64_t v_row;
  int64_t place[4];  // of v0 .. v3
  bool wanted[4];    // v1 and v2 are in any case
};

// Where one vector of pairs goes: low[i] to y[i] for i < low_count, high[i] to y[step + i].
struct PairPlace {
  float* y;               // of output channel 0
  const float* residual;  // may be null
  int64_t low_count, high_count;
};

// Some vectors of pairs, for a block of output channels: in the order m1, m2, m0, -m3
// sum[o] = sum over t < terms of weights[t][o] * v[t], where v[t] and weights[t] of one sum follow
// those of the one before, and of these
//   first[o] = bias[o] + m1 + m2 + m0, second[o] = bias[o] + m1 - m2 - m3.
// They stay in `sums` where there are no places, else they are clamped and stored there, whole.
struct PairTile {
  const float* v;
  const int64_t* terms;  // of the four
  int64_t at_once;       // a divisor of all terms
  const float* weights;
  const float* bias;  // may be null
  float* sums;        // first[channels][vectors], then second[channels][vectors]
  float* check;       // a vector, to which the products first * second are added
  const PairPlace* places;
  const PairPlace* soon;  // as many that are asked for ahead of time; may be null
  int log;                // of the dilation, as ConvKernels::store_pairs has it
  int64_t step;
  int64_t y_channel;
  int64_t y_offset;  // of the first channel
  bool clamp;
  float low;
  float high;
};

// clamp(sums + residual) of so many vectors of pairs, to where each belongs.
struct PairStore {
  const float* sums;  // as PairTile leaves them
  int64_t channels;
  int64_t vectors;
  int64_t panel_vectors;  // of sums
  const PairPlace* places;
  int64_t step;
  int64_t y_channel;
  int64_t y_offset;
  int64_t residual_channel;
  int64_t residual_offset;
  bool clamp;
  float low;
  float high;
};

using ConvTileFunction = void (*)(const ConvTile&);

constexpr int kMaxOcBlock = 8;
constexpr int kMaxVectors = 8;
constexpr int kMaxChannelVectors = 3;
constexpr int kMaxNear = 5;              // dilations 1, 2, 4, 8 and 16
constexpr int64_t kMostTileTerms = 320;  // of a ChannelTile: weights stay in the first-level cache

struct ConvKernels {
  int lanes;
  int max_oc_block;
  // Widest tile, in vectors, for a block of so many output channels; 0 where there is none.
  int max_vectors[kMaxOcBlock + 1];
  ConvTileFunction tile[kMaxOcBlock + 1][kMaxVectors + 1];

  void (*depthwise)(const DepthwiseRows& rows);

  // Panels of so many vectors of output channels, and how many pixels share their weights.
  void (*channels[kMaxChannelVectors + 1])(const ChannelTile& tile);
  int max_pixels[kMaxChannelVectors + 1];
  void (*store_channels)(const ChannelStore& store);
  void (*store_pixels)(const PixelStore& store);

  void (*pack)(const ConvPack& pack);

  void (*winograd_input)(const WinogradInput& input);
  // The same by the logarithm of a dilation that divides a vector: x[0] has all inputs of one run
  // in order, those before begin and from end on read as zero. Whole vectors are written.
  void (*winograd_near_input[kMaxNear])(const WinogradInput& input);
  // Both say whether all that they wrote is finite; the first by vectors of channels in a pixel.
  bool (*winograd_output[kMaxChannelVectors + 1])(const WinogradOutput& output);
  bool (*winograd_store)(const WinogradStore& store);

  // For blocks of so many output channels and panels of so many vectors.
  int max_pair_channels;
  void (*pair_tile[kMaxPairChannels + 1][kMaxPairVectors + 1])(const PairTile& tile);
  // By the logarithm of a dilation that divides a vector, or of a vector where it is longer.
  void (*pair_input[kMaxNear])(const PairInput& input);
  void (*store_pairs[kMaxNear])(const PairStore& store);

  // Applies the epilogue to count contiguous elements in place.
  ActivateRow* activate;
};

CONVOY_DECLARE_PER_ISA(extern const ConvKernels, conv_kernels);
// The kernels for isa, or for best_isa() where that is lower.
const ConvKernels& conv_kernels(Isa isa);

}  // namespace convoy::kernels
