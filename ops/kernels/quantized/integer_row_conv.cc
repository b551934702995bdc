#include "ops/kernels/quantized/integer_row_conv.h"

#include <cstring>

namespace convoy::kernels {
namespace {

// Words of a block are to stay in the first-level cache.
constexpr int64_t kMostWords = 4096;
constexpr int64_t kMostColumns = 1024;

}  // namespace

IntegerRowConv::IntegerRowConv(const IntegerConvProblem& problem, const IntegerLoops& loops)
    : problem_(problem), loops_(loops) {
  const SizedWindow& last = problem_.last();
  if (problem_.rank > 1) row_window_ = problem_.spatial[static_cast<size_t>(problem_.rank - 2)];
  if (problem_.rank > 2) outer_window_ = problem_.spatial[0];
  rows_ = row_window_.output_size;
  outer_ = outer_window_.output_size;
  for (int64_t channel = 0; channel < problem_.in_channels; ++channel) {
    for (int64_t tap = 0; tap < outer_window_.kernel; ++tap) slices_.push_back({channel, tap});
  }
  // Whatever leaves fewer places in words empty.
  const int64_t by_taps = line_count() * divide_up(last.kernel, loops_.factors);
  const int64_t by_lines = divide_up(line_count(), loops_.factors) * last.kernel;
  by_taps_ = by_taps < by_lines;
  line_terms_ = by_taps_ ? divide_up(last.kernel, loops_.factors) : last.kernel;
  const int64_t step = last.dilation * (by_taps_ ? loops_.factors : 1);
  block_columns_ = std::clamp<int64_t>(last.output_size, 1, kMostColumns);
  const int64_t span = (block_columns_ - 1) * last.stride + last.extent();
  pitch_ = divide_up(span, last.stride) * last.stride;
  if (block_columns_ == last.output_size) {
    const int64_t most = kMostWords / std::max<int64_t>(word_lines() * pitch_, 1);
    block_rows_ = std::clamp<int64_t>(most, 1, std::max<int64_t>(rows_, 1));
  }
  phase_rows_ = block_rows_ + (row_window_.kernel - 1) * row_window_.dilation / row_window_.stride;
  for (int64_t line = 0; line < word_lines(); ++line) {
    for (int64_t term = 0; term < line_terms_; ++term) {
      offsets_.push_back(line * block_rows_ * pitch_ + term * step);
    }
  }
}

IntegerRowConv::Block IntegerRowConv::block_of(int64_t number) const {
  Block block{};
  block.column = number % row_parts() * block_columns_;
  block.columns = std::min(block_columns_, problem_.last().output_size - block.column);
  number /= row_parts();
  block.row = number % row_blocks() * block_rows_;
  block.rows = std::min(block_rows_, rows_ - block.row);
  block.outer = number / row_blocks();
  return block;
}

void IntegerRowConv::lay_bytes(const uint8_t* channels, const ByteZero& zero, const Block& block,
                               uint8_t* bytes) const {
  const SizedWindow& last = problem_.last();
  std::memset(bytes, zero.zero ^ zero.flip, static_cast<size_t>(bytes_size()));
  // The part of a row that is read.
  const int64_t first = block.column * last.stride - last.pad_begin;
  const int64_t begin = std::clamp<int64_t>(first, 0, last.input_size);
  const int64_t end = std::clamp(first + pitch_, begin, last.input_size);
  if (begin == end) return;
  const int64_t first_row = block.row * row_window_.stride - row_window_.pad_begin;
  const int64_t row_count = (block.rows - 1) * row_window_.stride + row_window_.extent();
  for (const Slice& slice : slices_) {
    const int64_t outer = block.outer * outer_window_.stride +
                          slice.outer * outer_window_.dilation - outer_window_.pad_begin;
    if (outer >= 0 && outer < outer_window_.input_size) {
      const uint8_t* plane = channels + slice.channel * problem_.input_plane() +
                             outer * row_window_.input_size * last.input_size;
      for (int64_t phase = 0; phase < row_window_.stride; ++phase) {
        uint8_t* to = bytes + phase * phase_rows_ * pitch_ + begin - first;
        for (int64_t i = phase; i < row_count; i += row_window_.stride, to += pitch_) {
          const int64_t row = first_row + i;
          if (row < 0 || row >= row_window_.input_size) continue;
          std::memcpy(to, plane + row * last.input_size + begin, static_cast<size_t>(end - begin));
        }
      }
    }
    bytes += slice_size();
  }
}

void IntegerRowConv::lay_words(const uint8_t* bytes, const ByteZero& zero, int64_t rows,
                               uint32_t* words) const {
  const int64_t taps = row_window_.kernel;
  for (int64_t number = 0; number < word_lines(); ++number, words += block_rows_ * pitch_) {
    const uint8_t* lines[kMostFactors] = {};
    for (int64_t place = 0; place < loops_.factors; ++place) {
      const int64_t line = by_taps_ ? number : number * loops_.factors + place;
      if (line >= line_count()) continue;
      lines[place] = bytes + line_at(line / taps, line % taps) +
                     (by_taps_ ? place * problem_.last().dilation : 0);
    }
    loops_.interleave(lines, rows * pitch_, zero, words);
  }
}

}  // namespace convoy::kernels
