// Convolutions of 8-bit integers in 32-bit sums, as products of matrices: output channels by terms
// times terms by output positions. A term is a tap of an input channel. Terms are taken in pairs:
// of two channels under the same tap, or of two neighbouring taps of a channel. Few output channels
// would leave most of a register tile empty: they are summed up row by row, where the terms lie.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ops/kernels/gemm/integer_tile.h"
#include "ops/kernels/quantized/quantized_rows.h"
#include "runtime/base/sized_window.h"

namespace convoy::kernels {

// x[in_channels, input…] and y[out_channels, output…] of each group of an image lie one behind the
// other, rank 1 to 3.
struct IntegerConvProblem {
  int64_t groups = 1;
  int64_t in_channels = 1;   // of one group
  int64_t out_channels = 1;  // of one group
  int rank = 1;
  std::array<SizedWindow, 3> spatial;  // outermost first
};

// Of output channel `channel` of the group: those of the positions from `first` on.
struct IntegerConvSums {
  int64_t channel, first, count;
  const int32_t* sums;
};

// Immutable and thread-safe. An image is staged first, which pads it and takes its zero point off;
// then blocks of its output positions can be computed in any order. Sums wrap around, as integers
// of 32 bits do.
class IntegerConv {
 public:
  // `shares`: threads that are to find a block each, if the image is large enough.
  IntegerConv(const IntegerConvProblem& problem, int64_t shares, Isa isa);

  // 16-bit numbers that the weights of all groups take.
  int64_t packed_size() const { return problem_.groups * group_weights(); }
  // w(g, oc, ic, tap) gives a weight less its zero point, tap counted row-major.
  template <typename W>
  void pack(const W& w, int16_t* packed) const {
    for (int64_t g = 0; g < problem_.groups; ++g) {
      for (int64_t row = 0; row < row_tiles() * tile_rows(); ++row) {
        int16_t* to = packed + g * group_weights() +
                      (row / tile_rows() * pairs_ * tile_rows() + row % tile_rows()) * 2;
        for (int64_t pair = 0; pair < pairs_; ++pair, to += 2 * tile_rows()) {
          for (int half = 0; half < 2; ++half) {
            const Term term = term_of(pair, half);
            const bool inside = row < problem_.out_channels && term.channel >= 0;
            to[half] =
                inside ? static_cast<int16_t>(w(g, row, term.channel, term.tap)) : int16_t{0};
          }
        }
      }
    }
  }

  // Parts that an image can be staged in, and the 16-bit numbers that it takes then.
  int64_t planes() const { return problem_.groups * group_planes_; }
  int64_t staged_size() const { return planes() * plane_size_ * 2; }
  // 16-bit numbers behind the last staged image that are read, whatever they are.
  int64_t staged_slack() const { return by_rows_ ? 2 * (kVectorSlack + 1) * last().stride : 0; }
  // Of x, one image.
  void stage(const uint8_t* x, const ByteZero& zero, int64_t plane, int16_t* staged) const;

  // Of one group.
  int64_t blocks() const { return (positions_ + block_positions() - 1) / block_positions(); }
  // 16-bit numbers that a thread works with.
  int64_t scratch_size() const {
    if (by_rows_) return 2 * (block_positions() + kVectorSlack + 1);
    return block_panels_ * pairs_ * 2 * tile_.columns;
  }
  // store(const IntegerConvSums&) gets the sums of a block piece by piece.
  template <typename Store>
  void run(const int16_t* staged, const int16_t* packed, int64_t group, int64_t block,
           int16_t* scratch, const Store& store) const {
    if (by_rows_) return run_rows(staged, packed, group, block, scratch, store);
    const int64_t first = block * block_positions();
    const int64_t count = std::min(block_positions(), positions_ - first);
    gather(staged + group * group_planes_ * plane_size_ * 2, first, count, scratch);
    alignas(64) int32_t sums[kMostTileRows * kMostTileColumns];
    const int16_t* weights = packed + group * group_weights();
    for (int64_t row = 0; row < problem_.out_channels; row += tile_.rows) {
      const int64_t rows = std::min(tile_.rows, problem_.out_channels - row);
      for (int64_t column = 0; column < count; column += tile_.columns) {
        tile_.multiply(weights + row * pairs_ * 2, scratch + column * pairs_ * 2, pairs_, sums);
        const int64_t columns = std::min(tile_.columns, count - column);
        for (int64_t i = 0; i < rows; ++i) {
          store(IntegerConvSums{row + i, first + column, columns, sums + i * tile_.columns});
        }
      }
    }
  }

 private:
  struct Term {
    int64_t channel;  // -1 for none
    int64_t tap;
  };
  // Output positions that lie side by side in a staged plane.
  struct Run {
    int64_t from, count;
  };

  // Blocks are some rows of output positions, or a part of a long one.
  template <typename Store>
  void run_rows(const int16_t* staged, const int16_t* packed, int64_t group, int64_t block,
                int16_t* scratch, const Store& store) const {
    const int64_t row = last().output_size, first = block * block_positions();
    const int64_t count = std::min(block_positions(), positions_ - first);
    const int16_t* from = staged + group * group_planes_ * plane_size_ * 2;
    auto* sums = reinterpret_cast<int32_t*>(scratch);
    for (int64_t channel = 0; channel < problem_.out_channels; ++channel) {
      const int16_t* weights = packed + group * group_weights() + channel * pairs_ * 2;
      for (int64_t at = 0; at < count;) {
        const int64_t some = std::min(row - (first + at) % row, count - at);
        Run run;
        runs_of(first + at, some, &run);
        rows_.dot_pairs(from + 2 * run.from, terms_.data(), weights, pairs_, last().stride, some,
                        sums + at);
        at += some;
      }
      store(IntegerConvSums{channel, first, count, sums});
    }
  }

  // Output channels whose weights stand side by side.
  int64_t tile_rows() const { return by_rows_ ? 1 : tile_.rows; }
  int64_t row_tiles() const { return (problem_.out_channels + tile_rows() - 1) / tile_rows(); }
  int64_t group_weights() const { return row_tiles() * tile_rows() * pairs_ * 2; }
  int64_t block_positions() const { return by_rows_ ? block_sums_ : block_panels_ * tile_.columns; }
  const SizedWindow& last() const {
    return problem_.spatial[static_cast<size_t>(problem_.rank - 1)];
  }
  int64_t taps() const;
  Term term_of(int64_t pair, int half) const;
  void choose_pairs();
  void lay_out_planes();
  void stage_line(const uint8_t* a, const uint8_t* b, const ByteZero& zero, int16_t* to) const;
  int runs_of(int64_t first, int64_t count, Run* runs) const;
  template <int columns>
  void gather_panel(const int16_t* planes, int64_t first, int64_t count, int16_t* to) const;
  void gather(const int16_t* planes, int64_t first, int64_t count, int16_t* to) const;

  IntegerConvProblem problem_;
  const IntegerTile& tile_;
  const QuantizedRows& rows_;
  bool by_rows_ = false;
  bool pairs_of_taps_ = false;
  int64_t group_planes_ = 0;                    // pairs of channels, or channels
  std::vector<int64_t> terms_;                  // by_rows_: of the pairs in the planes of a group
  std::vector<int64_t> offsets_;                // of the (pairs of) taps in a staged plane
  int64_t pairs_ = 0;                           // of terms
  std::array<int64_t, 3> sizes_{}, pitches_{};  // of a staged plane, in pairs
  int64_t plane_size_ = 1;
  int64_t positions_ = 1;
  int64_t block_panels_ = 1, block_sums_ = 1;
};

}  // namespace convoy::kernels
