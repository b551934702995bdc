// What convolutions of 8-bit integers are told, and the lines of bytes that they make words of.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "ops/kernels/quantized/integer_loops.h"
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

  const SizedWindow& last() const { return spatial[static_cast<size_t>(rank - 1)]; }
  int64_t taps() const {
    int64_t count = 1;
    for (int axis = 0; axis < rank; ++axis) count *= spatial[static_cast<size_t>(axis)].kernel;
    return count;
  }
  int64_t input_plane() const {
    int64_t count = 1;
    for (int axis = 0; axis < rank; ++axis) count *= spatial[static_cast<size_t>(axis)].input_size;
    return count;
  }
  int64_t positions() const {
    int64_t count = 1;
    for (int axis = 0; axis < rank; ++axis) count *= spatial[static_cast<size_t>(axis)].output_size;
    return count;
  }
};

// Sums of output channels of a group: of several channels from `channel` on, a row for each, or
// rows of one channel, whole lines of output positions. Position `first` of a channel is where they
// begin.
struct IntegerConvSums {
  int64_t channel, channels, first, rows, columns;
  const int32_t* sums;
  int64_t pitch;  // from a row to the next
};

// Words of lines along the last axis, `shift` further on in the line for each factor of a word, and
// with padding on both sides.
struct PaddedLines {
  const IntegerLoops& loops;
  const SizedWindow& window;
  int64_t shift;

  // Of the padded positions from `first` on.
  void interleave(const uint8_t* const* lines, const ByteZero& zero, int64_t first, int64_t count,
                  uint32_t* to) const;
};

}  // namespace convoy::kernels
