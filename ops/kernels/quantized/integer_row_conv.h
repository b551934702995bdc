// Convolutions of 8-bit integers with few output channels in a group, depthwise ones above all.
// Some rows of output positions are computed at once: the rows of bytes that they read are padded
// and laid one behind the other, so that words, and sums of words, run over the ends of rows. A
// word takes factors from as many lines under the kernel, or neighbouring ones of a line.
#pragma once

#include <vector>

#include "ops/kernels/quantized/integer_conv_problem.h"

namespace convoy::kernels {

// Immutable and thread-safe; blocks of output positions can be computed in any order. Sums wrap
// around, as integers of 32 bits do. Sizes are of words.
class IntegerRowConv {
 public:
  static constexpr const char* kFormat = "kernels of rows";

  IntegerRowConv(const IntegerConvProblem& problem, const IntegerLoops& loops);

  // Of the weights of all groups, and the sums that `correction` needs.
  int64_t packed_size() const { return channels() * (terms() + 1); }
  // w(g, oc, ic, tap) gives a weight less its zero point, tap counted row-major.
  template <typename W>
  void pack(const W& w, uint32_t* packed) const {
    std::fill_n(packed, packed_size(), 0u);
    const int64_t taps = problem_.taps(), line_taps = problem_.last().kernel;
    for (int64_t channel = 0; channel < channels(); ++channel) {
      const int64_t group = channel / problem_.out_channels, row = channel % problem_.out_channels;
      for (int64_t ic = 0; ic < problem_.in_channels; ++ic) {
        for (int64_t tap = 0; tap < taps; ++tap) {
          const int32_t weight{w(group, row, ic, tap)};
          const int64_t line = (ic * taps + tap) / line_taps, at = tap % line_taps;
          const int64_t term = by_taps_ ? line * line_terms_ + at / loops_.factors
                                        : line / loops_.factors * line_terms_ + at;
          const int64_t place = (by_taps_ ? at : line) % loops_.factors;
          loops_.put(weight, place, packed[channel * terms() + term]);
          packed[channels() * terms() + channel] += static_cast<uint32_t>(weight);
        }
      }
    }
  }
  // What is to be added to the sums of output channel `channel` of all.
  int32_t correction(const uint32_t* packed, const ByteZero& zero, int64_t channel) const {
    return loops_.correction(zero, packed[channels() * terms() + channel]);
  }

  // Of one group.
  int64_t blocks() const { return outer_ * row_blocks() * row_parts(); }
  // What a thread works with.
  int64_t scratch_size() const { return sums_at() + sums_size() + divide_up(bytes_size(), 4); }
  // x: one image. store(const IntegerConvSums&) gets the sums of a block.
  template <typename Store>
  void run(const uint8_t* x, const ByteZero& zero, const uint32_t* packed, int64_t group,
           int64_t block, uint32_t* scratch, const Store& store) const {
    const Block at = block_of(block);
    auto* sums = reinterpret_cast<int32_t*>(scratch + sums_at());
    auto* bytes = reinterpret_cast<uint8_t*>(sums + sums_size());
    lay_bytes(x + group * problem_.in_channels * problem_.input_plane(), zero, at, bytes);
    lay_words(bytes, zero, at.rows, scratch);
    const int64_t stride = problem_.last().stride, row_sums = pitch_ / stride;
    const uint32_t* weights = packed + group * problem_.out_channels * terms();
    for (int64_t oc = 0; oc < problem_.out_channels; ++oc) {
      loops_.dot(scratch, offsets_.data(), weights + oc * terms(), terms(), stride,
                 (at.rows - 1) * row_sums + at.columns, sums);
      const int64_t first = (at.outer * rows_ + at.row) * problem_.last().output_size + at.column;
      store(IntegerConvSums{oc, 1, first, at.rows, at.columns, sums, row_sums});
    }
  }

 private:
  // Output positions: rows of one index along the axes before the last two.
  struct Block {
    int64_t outer, row, rows, column, columns;
  };
  // A plane of input rows under the kernel.
  struct Slice {
    int64_t channel;
    int64_t outer;  // a tap along the axis before the rows
  };

  int64_t channels() const { return problem_.groups * problem_.out_channels; }
  int64_t terms() const { return static_cast<int64_t>(offsets_.size()); }
  int64_t line_count() const { return slice_count() * row_window_.kernel; }
  int64_t slice_count() const { return static_cast<int64_t>(slices_.size()); }
  int64_t word_lines() const {
    return by_taps_ ? line_count() : divide_up(line_count(), loops_.factors);
  }
  int64_t row_blocks() const { return divide_up(rows_, block_rows_); }
  int64_t row_parts() const { return divide_up(problem_.last().output_size, block_columns_); }
  int64_t sums_at() const {
    return word_lines() * block_rows_ * pitch_ + (kVectorSlack + 1) * problem_.last().stride;
  }
  // Of one output channel.
  int64_t sums_size() const { return block_rows_ * pitch_ + kVectorSlack; }
  // Of the padded rows of a slice; those that are as far apart as the kernel's steps lie together.
  int64_t slice_size() const { return row_window_.stride * phase_rows_ * pitch_; }
  int64_t bytes_size() const {
    return slice_count() * slice_size() + loops_.factors * problem_.last().dilation + kVectorSlack;
  }
  // Where the line lies that tap `tap` of the rows reads for the first output row.
  int64_t line_at(int64_t slice, int64_t tap) const {
    const int64_t row = tap * row_window_.dilation;
    return slice * slice_size() +
           (row % row_window_.stride * phase_rows_ + row / row_window_.stride) * pitch_;
  }
  Block block_of(int64_t number) const;
  void lay_bytes(const uint8_t* channels, const ByteZero& zero, const Block& block,
                 uint8_t* bytes) const;
  void lay_words(const uint8_t* bytes, const ByteZero& zero, int64_t rows, uint32_t* words) const;

  IntegerConvProblem problem_;
  const IntegerLoops& loops_;
  SizedWindow row_window_, outer_window_;  // of one position where there is no such axis
  std::vector<Slice> slices_;
  bool by_taps_ = false;
  int64_t line_terms_ = 0;  // of a line of words
  int64_t rows_ = 1, outer_ = 1;
  int64_t block_rows_ = 1, block_columns_ = 1;
  int64_t phase_rows_ = 1;
  int64_t pitch_ = 0;  // of rows of bytes, and of words
  std::vector<int64_t> offsets_;
};

}  // namespace convoy::kernels
