#include "ops/kernels/quantized/integer_conv.h"

namespace convoy::kernels {
namespace {

// The gathered positions of a block are to stay in the second-level cache, weights beside them.
constexpr int64_t kBlockBytes = 192 * 1024;
// More blocks than threads, so that they end at the same time.
constexpr int64_t kBlocksPerShare = 3;

}  // namespace

IntegerConv::IntegerConv(const IntegerConvProblem& problem, int64_t shares,
                         const IntegerLoops& loops)
    : problem_(problem), loops_(loops), positions_(problem.positions()) {
  choose_words();
  lay_out_planes();
  const int64_t panels = divide_up(positions_, loops_.columns);
  const int64_t panel_bytes = words() * loops_.columns * 4;
  block_panels_ = std::clamp<int64_t>(kBlockBytes / std::max<int64_t>(panel_bytes, 1), 1, panels);
  if (shares > 1) {
    const int64_t share = divide_up(panels * problem_.groups, kBlocksPerShare * shares);
    block_panels_ = std::clamp<int64_t>(share, 1, block_panels_);
  }
}

// Whatever leaves fewer places in words empty.
void IntegerConv::choose_words() {
  const int64_t line = problem_.last().kernel, taps = problem_.taps();
  const int64_t by_channels = divide_up(problem_.in_channels, loops_.factors) * taps;
  const int64_t by_taps = problem_.in_channels * (taps / line) * divide_up(line, loops_.factors);
  words_of_taps_ = by_taps < by_channels;
  group_planes_ =
      words_of_taps_ ? problem_.in_channels : divide_up(problem_.in_channels, loops_.factors);
  plane_taps_ = std::min(by_taps, by_channels) / group_planes_;
}

std::vector<IntegerConv::Place> IntegerConv::places_of_taps() const {
  const int64_t line = problem_.last().kernel, of_line = divide_up(line, loops_.factors);
  std::vector<Place> places;
  for (int64_t tap = 0; tap < problem_.taps(); ++tap) {
    const int64_t at = tap % line;
    places.push_back(words_of_taps_
                         ? Place{tap / line * of_line + at / loops_.factors, at % loops_.factors}
                         : Place{tap, 0});
  }
  return places;
}

// A staged plane holds what any tap reads, padding included.
void IntegerConv::lay_out_planes() {
  std::vector<int64_t> offsets = {0};
  for (int axis = problem_.rank - 1; axis >= 0; --axis) {
    const SizedWindow& window = problem_.spatial[axis];
    const int64_t step = words_of_taps_ && axis == problem_.rank - 1 ? loops_.factors : 1;
    const int64_t last_tap = (divide_up(window.kernel, step) - 1) * step * window.dilation;
    sizes_[axis] = (window.output_size - 1) * window.stride + last_tap + 1;
    pitches_[axis] = plane_size_;
    plane_size_ *= sizes_[axis];
    std::vector<int64_t> inner = std::move(offsets);
    offsets.clear();
    for (int64_t tap = 0; tap < window.kernel; tap += step) {
      for (int64_t offset : inner) {
        offsets.push_back(tap * window.dilation * pitches_[axis] + offset);
      }
    }
  }
  for (int64_t plane = 0; plane < group_planes_; ++plane) {
    for (int64_t offset : offsets) terms_.push_back(plane * plane_size_ + offset);
  }
}

void IntegerConv::stage(const uint8_t* x, const ByteZero& zero, int64_t plane,
                        uint32_t* staged) const {
  const int rank = problem_.rank;
  const SizedWindow& last = problem_.last();
  const int64_t input_plane = problem_.input_plane();
  const int64_t group = plane / group_planes_, within = plane % group_planes_;
  const int64_t channel = words_of_taps_ ? within : loops_.factors * within;
  const uint8_t* image = x + (group * problem_.in_channels + channel) * input_plane;
  const PaddedLines padded{loops_, last, words_of_taps_ ? last.dilation : 0};
  uint32_t* to = staged + plane * plane_size_;
  const int64_t line = sizes_[rank - 1];
  for (int64_t number = 0; number < plane_size_ / line; ++number, to += line) {
    int64_t rest = number, from = 0, pitch = last.input_size;
    bool inside = true;
    for (int axis = rank - 2; axis >= 0; --axis) {
      const SizedWindow& window = problem_.spatial[axis];
      const int64_t at = rest % sizes_[axis] - window.pad_begin;
      rest /= sizes_[axis];
      inside = inside && at >= 0 && at < window.input_size;
      from += at * pitch;
      pitch *= window.input_size;
    }
    if (!inside) {
      std::fill_n(to, line, loops_.padding(zero));
      continue;
    }
    const uint8_t* lines[kMostFactors] = {};
    for (int64_t place = 0; place < loops_.factors; ++place) {
      if (words_of_taps_) {
        lines[place] = image + from;
      } else if (channel + place < problem_.in_channels) {
        lines[place] = image + place * input_plane + from;
      }
    }
    padded.interleave(lines, zero, 0, line, to);
  }
}

int IntegerConv::runs_of(int64_t first, int64_t count, WordRun* runs) const {
  int found = 0;
  const int64_t line = problem_.last().output_size;
  for (int64_t position = first, end = first + count; position < end;) {
    int64_t rest = position / line, at = position % line;
    const int64_t run = std::min(line - at, end - position);
    int64_t from = at * problem_.last().stride;
    for (int axis = problem_.rank - 2; axis >= 0; --axis) {
      const SizedWindow& window = problem_.spatial[axis];
      from += rest % window.output_size * window.stride * pitches_[axis];
      rest /= window.output_size;
    }
    runs[found++] = {from, run};
    position += run;
  }
  return found;
}

void IntegerConv::gather(const uint32_t* planes, int64_t first, int64_t count, uint32_t* to) const {
  for (int64_t at = 0; at < count; at += loops_.columns, to += words() * loops_.columns) {
    WordRun runs[kMostTileColumns];
    const int run_count = runs_of(first + at, std::min(loops_.columns, count - at), runs);
    loops_.gather(planes, terms_.data(), words(), runs, run_count, problem_.last().stride, to);
  }
}

}  // namespace convoy::kernels
