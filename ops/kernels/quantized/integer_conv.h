// Convolutions of 8-bit integers in 32-bit sums, as products of matrices: output channels by terms
// times terms by output positions. A term is a tap of an input channel. Two or four terms make a
// word: of as many channels under the same tap, or of neighbouring taps of a channel.
#pragma once

#include <vector>

#include "ops/kernels/quantized/integer_conv_problem.h"

namespace convoy::kernels {

// Immutable and thread-safe. An image is staged first, which pads it; then blocks of its output
// positions can be computed in any order. Sums wrap around, as integers of 32 bits do. Sizes are of
// words.
class IntegerConv {
 public:
  static constexpr const char* kFormat = "kernels";

  // `shares`: threads that are to find a block each, if the image is large enough.
  IntegerConv(const IntegerConvProblem& problem, int64_t shares, const IntegerLoops& loops);

  // Of the weights of all groups, and the sums that `correction` needs.
  int64_t packed_size() const {
    return problem_.groups * (group_weights() + problem_.out_channels);
  }
  // w(g, oc, ic, tap) gives a weight less its zero point, tap counted row-major.
  template <typename W>
  void pack(const W& w, uint32_t* packed) const {
    uint32_t* sums = packed + problem_.groups * group_weights();
    std::fill_n(packed, packed_size(), 0u);
    const std::vector<Place> places = places_of_taps();
    const auto taps = static_cast<int64_t>(places.size());
    for (int64_t g = 0; g < problem_.groups; ++g) {
      for (int64_t row = 0; row < problem_.out_channels; ++row) {
        uint32_t* to = packed + g * group_weights() + row / loops_.rows * words() * loops_.rows +
                       row % loops_.rows;
        uint32_t sum = 0;
        for (int64_t ic = 0; ic < problem_.in_channels; ++ic) {
          const int64_t plane = words_of_taps_ ? ic : ic / loops_.factors;
          const int64_t among = words_of_taps_ ? 0 : ic % loops_.factors;
          uint32_t* words = to + plane * plane_taps_ * loops_.rows;
          for (int64_t tap = 0; tap < taps; ++tap) {
            const Place& place = places[static_cast<size_t>(tap)];
            const int32_t weight{w(g, row, ic, tap)};
            loops_.put(weight, place.in_word + among, words[place.word * loops_.rows]);
            sum += static_cast<uint32_t>(weight);
          }
        }
        sums[g * problem_.out_channels + row] = sum;
      }
    }
  }
  // What is to be added to the sums of output channel `channel` of all.
  int32_t correction(const uint32_t* packed, const ByteZero& zero, int64_t channel) const {
    return loops_.correction(zero, packed[problem_.groups * group_weights() + channel]);
  }

  // Parts that an image can be staged in, and what it takes then.
  int64_t planes() const { return problem_.groups * group_planes_; }
  int64_t staged_size() const { return planes() * plane_size_; }
  // Words behind the last staged image that are read, whatever they are.
  int64_t staged_slack() const { return (kVectorSlack + 1) * problem_.last().stride; }
  // Of x, one image.
  void stage(const uint8_t* x, const ByteZero& zero, int64_t plane, uint32_t* staged) const;

  // Of one group.
  int64_t blocks() const { return divide_up(positions_, block_positions()); }
  // What a thread works with.
  int64_t scratch_size() const {
    return block_panels_ * words() * loops_.columns + kVectorSlack + 1;
  }
  // store(const IntegerConvSums&) gets the sums of a block piece by piece.
  template <typename Store>
  void run(const uint32_t* staged, const uint32_t* packed, int64_t group, int64_t block,
           uint32_t* scratch, const Store& store) const {
    const int64_t first = block * block_positions();
    const int64_t count = std::min(block_positions(), positions_ - first);
    gather(staged + group * group_planes_ * plane_size_, first, count, scratch);
    alignas(64) int32_t sums[kMostTileRows * kMostTileColumns];
    const uint32_t* weights = packed + group * group_weights();
    for (int64_t row = 0; row < problem_.out_channels; row += loops_.rows) {
      const int64_t rows = std::min(loops_.rows, problem_.out_channels - row);
      for (int64_t column = 0; column < count; column += loops_.columns) {
        const int64_t columns = std::min(loops_.columns, count - column);
        loops_.weights_times(weights + row * words(), scratch + column * words(), words(), rows,
                             columns, sums);
        store(IntegerConvSums{row, rows, first + column, rows, columns, sums, loops_.columns});
      }
    }
  }

 private:
  struct Place {
    int64_t word, in_word;
  };

  int64_t words() const { return static_cast<int64_t>(terms_.size()); }
  int64_t group_weights() const {
    return divide_up(problem_.out_channels, loops_.rows) * loops_.rows * words();
  }
  int64_t block_positions() const { return block_panels_ * loops_.columns; }
  // Of the taps among the words of a plane.
  std::vector<Place> places_of_taps() const;
  void choose_words();
  void lay_out_planes();
  int runs_of(int64_t first, int64_t count, WordRun* runs) const;
  void gather(const uint32_t* planes, int64_t first, int64_t count, uint32_t* to) const;

  IntegerConvProblem problem_;
  const IntegerLoops& loops_;
  bool words_of_taps_ = false;
  int64_t group_planes_ = 0;                    // words of channels, or channels
  std::vector<int64_t> terms_;                  // of the words in the planes of a group
  int64_t plane_taps_ = 0;                      // words of a plane that an output position takes
  std::array<int64_t, 3> sizes_{}, pitches_{};  // of a staged plane
  int64_t plane_size_ = 1;
  int64_t positions_ = 1;
  int64_t block_panels_ = 1;
};

}  // namespace convoy::kernels
