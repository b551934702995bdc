#include "ops/kernels/quantized/integer_conv.h"

#include <algorithm>
#include <cstring>

namespace convoy::kernels {
namespace {

// The gathered positions of a block are to stay in the second-level cache, weights beside them.
constexpr int64_t kBlockBytes = 192 * 1024;
// More blocks than threads, so that they end at the same time.
constexpr int64_t kBlocksPerShare = 3;

// Sums of rows are to stay in the first-level cache.
constexpr int64_t kBlockSums = 2048;
// Output channels of a group that are not worth a register tile.
constexpr int64_t kFewChannels = 4;

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

IntegerConv::IntegerConv(const IntegerConvProblem& problem, int64_t shares, Isa isa)
    : problem_(problem), tile_(integer_tile(isa)), rows_(quantized_rows(isa)) {
  by_rows_ = problem_.out_channels < kFewChannels;
  choose_pairs();
  lay_out_planes();
  if (by_rows_) {
    for (int64_t plane = 0; plane < group_planes_; ++plane) {
      for (int64_t offset : offsets_) terms_.push_back(plane * plane_size_ + offset);
    }
    const int64_t row = std::max<int64_t>(last().output_size, 1);
    block_sums_ = row > kBlockSums ? kBlockSums : std::min(kBlockSums / row * row, positions_);
    return;
  }
  const int64_t panels = divide_up(positions_, tile_.columns);
  const int64_t panel_bytes = pairs_ * tile_.columns * 4;
  block_panels_ = std::clamp<int64_t>(kBlockBytes / std::max<int64_t>(panel_bytes, 1), 1, panels);
  if (shares > 1) {
    const int64_t share = divide_up(panels * problem_.groups, kBlocksPerShare * shares);
    block_panels_ = std::clamp<int64_t>(share, 1, block_panels_);
  }
}

int64_t IntegerConv::taps() const {
  int64_t count = 1;
  for (int axis = 0; axis < problem_.rank; ++axis) count *= problem_.spatial[axis].kernel;
  return count;
}

// Whatever leaves fewer halves of pairs empty.
void IntegerConv::choose_pairs() {
  const int64_t line = last().kernel, lines = taps() / line;
  const int64_t by_channels = divide_up(problem_.in_channels, 2) * taps();
  const int64_t by_taps = problem_.in_channels * lines * divide_up(line, 2);
  pairs_of_taps_ = by_taps < by_channels;
  pairs_ = std::min(by_taps, by_channels);
  group_planes_ = pairs_of_taps_ ? problem_.in_channels : divide_up(problem_.in_channels, 2);
}

IntegerConv::Term IntegerConv::term_of(int64_t pair, int half) const {
  const auto count = static_cast<int64_t>(offsets_.size());
  const int64_t plane = pair / count, tap = pair % count;
  if (!pairs_of_taps_) {
    const int64_t channel = 2 * plane + half;
    return {channel < problem_.in_channels ? channel : -1, tap};
  }
  const int64_t line = last().kernel, of_line = divide_up(line, 2);
  const int64_t at = tap % of_line * 2 + half;
  return {at < line ? plane : -1, tap / of_line * line + at};
}

// A staged plane holds what any tap reads, padding included.
void IntegerConv::lay_out_planes() {
  const int64_t step = pairs_of_taps_ ? 2 : 1;
  offsets_ = {0};
  for (int axis = problem_.rank - 1; axis >= 0; --axis) {
    const SizedWindow& window = problem_.spatial[axis];
    const int64_t stride = axis == problem_.rank - 1 ? step : 1;
    const int64_t last_tap = (divide_up(window.kernel, stride) - 1) * stride * window.dilation;
    sizes_[axis] = (window.output_size - 1) * window.stride + last_tap + 1;
    pitches_[axis] = plane_size_;
    plane_size_ *= sizes_[axis];
    positions_ *= window.output_size;
    std::vector<int64_t> inner = std::move(offsets_);
    offsets_.clear();
    for (int64_t tap = 0; tap < window.kernel; tap += stride) {
      for (int64_t offset : inner)
        offsets_.push_back(tap * window.dilation * pitches_[axis] + offset);
    }
  }
}

void IntegerConv::stage_line(const uint8_t* a, const uint8_t* b, const ByteZero& zero,
                             int16_t* to) const {
  const SizedWindow& window = last();
  const int64_t size = sizes_[problem_.rank - 1], pad = window.pad_begin;
  // Where a pair has its first half, and where its second.
  const int64_t shift = pairs_of_taps_ ? window.dilation : 0;
  auto inside = [&](int64_t i, int64_t ahead) {
    return i - pad + ahead >= 0 && i - pad + ahead < window.input_size;
  };
  auto edge = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const bool first = inside(i, 0), second = b != nullptr && inside(i, shift);
      to[2 * i] = first ? static_cast<int16_t>((a[i - pad] ^ zero.flip) - zero.zero) : int16_t{0};
      to[2 * i + 1] =
          second ? static_cast<int16_t>((b[i - pad + shift] ^ zero.flip) - zero.zero) : int16_t{0};
    }
  };
  const int64_t begin = std::clamp<int64_t>(pad, 0, size);
  const int64_t end = std::clamp(pad + window.input_size - shift, begin, size);
  edge(0, begin);
  if (begin < end) {
    rows_.pair_bytes(a + (begin - pad), b == nullptr ? b : b + (begin - pad + shift), end - begin,
                     zero, to + 2 * begin);
  }
  edge(end, size);
}

void IntegerConv::stage(const uint8_t* x, const ByteZero& zero, int64_t plane,
                        int16_t* staged) const {
  const int rank = problem_.rank;
  int64_t input_plane = 1;
  for (int axis = 0; axis < rank; ++axis) input_plane *= problem_.spatial[axis].input_size;
  const int64_t group = plane / group_planes_, within = plane % group_planes_;
  const int64_t channel = pairs_of_taps_ ? within : 2 * within;
  const uint8_t* a = x + (group * problem_.in_channels + channel) * input_plane;
  const uint8_t* b = pairs_of_taps_ ? a : a + input_plane;
  if (!pairs_of_taps_ && channel + 1 == problem_.in_channels) b = nullptr;
  int16_t* to = staged + plane * plane_size_ * 2;
  const int64_t line = sizes_[rank - 1];
  for (int64_t number = 0; number < plane_size_ / line; ++number, to += 2 * line) {
    int64_t rest = number, from = 0, pitch = last().input_size;
    bool inside = true;
    for (int axis = rank - 2; axis >= 0; --axis) {
      const SizedWindow& window = problem_.spatial[axis];
      const int64_t at = rest % sizes_[axis] - window.pad_begin;
      rest /= sizes_[axis];
      inside = inside && at >= 0 && at < window.input_size;
      from += at * pitch;
      pitch *= window.input_size;
    }
    if (inside) {
      stage_line(a + from, b == nullptr ? b : b + from, zero, to);
    } else {
      std::memset(to, 0, static_cast<size_t>(2 * line) * sizeof(int16_t));
    }
  }
}

int IntegerConv::runs_of(int64_t first, int64_t count, Run* runs) const {
  int found = 0;
  const int64_t line = last().output_size;
  for (int64_t position = first, end = first + count; position < end;) {
    int64_t rest = position / line, at = position % line;
    const int64_t run = std::min(line - at, end - position);
    int64_t from = at * last().stride;
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

template <int columns>
void IntegerConv::gather_panel(const int16_t* planes, int64_t first, int64_t count,
                               int16_t* to) const {
  constexpr size_t kPair = 2 * sizeof(int16_t);
  Run runs[columns];
  const int run_count = runs_of(first, count, runs);
  const int64_t stride = last().stride;
  const bool whole = run_count == 1 && count == columns && stride == 1;
  if (count < columns) std::memset(to, 0, static_cast<size_t>(pairs_) * columns * kPair);
  for (int64_t plane = 0; plane < group_planes_; ++plane, planes += 2 * plane_size_) {
    for (int64_t offset : offsets_) {
      const int16_t* from = planes + 2 * offset;
      int16_t* pairs = to;
      to += 2 * columns;
      if (whole) {
        std::memcpy(pairs, from + 2 * runs[0].from, columns * kPair);
        continue;
      }
      for (int r = 0; r < run_count; ++r) {
        const int16_t* pair = from + 2 * runs[r].from;
        for (int64_t i = 0; i < runs[r].count; ++i, pairs += 2, pair += 2 * stride) {
          std::memcpy(pairs, pair, kPair);
        }
      }
    }
  }
}

void IntegerConv::gather(const int16_t* planes, int64_t first, int64_t count, int16_t* to) const {
  for (int64_t at = 0; at < count; at += tile_.columns, to += pairs_ * 2 * tile_.columns) {
    const int64_t some = std::min(tile_.columns, count - at);
    switch (tile_.columns) {
      case 8: gather_panel<8>(planes, first + at, some, to); break;
      case 16: gather_panel<16>(planes, first + at, some, to); break;
      default: gather_panel<kMostTileColumns>(planes, first + at, some, to); break;
    }
  }
}

}  // namespace convoy::kernels
