// The sums of a panel, and their way to the output.
#include <algorithm>
#include <cmath>

#include "ops/kernels/conv/task_cut.h"
#include "ops/kernels/conv/winograd_pixels_run.h"

namespace convoy::kernels {

// Sums that are whole, and need nothing but a clamp, go straight to where they belong.
void WinogradPixelsRun::run_panel(const Block& block, const Panel& panel, const Panel& next) {
  alignas(64) float check[kMaxLanes] = {};
  const bool straight = panel.whole && !apart_ && !block.residual;
  transform(block, panel);
  tile_.check = check;
  tile_.places = straight ? panel.places : nullptr;
  const Panel& soon = conv_.streams_ ? next : panel;
  tile_.soon = soon.placed >= panel.vectors ? soon.places : nullptr;
  const int64_t blocks = block.oc_end - block.oc_begin;
  for (int64_t oc_block = block.oc_begin; oc_block < block.oc_end; ++oc_block) {
    if (conv_.streams_)
      prefetch(next, part_begin(p_.in_channels, blocks, oc_block - block.oc_begin),
               part_begin(p_.in_channels, blocks, oc_block - block.oc_begin + 1));
    run_block(block, panel, oc_block);
    if (!straight) store(block, panel, oc_block);
  }
  float sum = 0;
  for (int64_t i = 0; i < kernels_.lanes; ++i) sum += check[i];
  if (std::isfinite(sum)) return;
  tile_.places = tile_.soon = nullptr;
  for (int64_t oc_block = block.oc_begin; oc_block < block.oc_end; ++oc_block) {
    run_block(block, panel, oc_block);
    store_repaired(block, panel, oc_block);
  }
}

void WinogradPixelsRun::run_block(const Block& block, const Panel& panel, int64_t oc_block) {
  const int64_t channel = conv_.first_channel(oc_block);
  tile_.weights = block.weights + channel * conv_.products_;
  tile_.bias = block.bias ? block.bias + channel : nullptr;
  tile_.y_offset = channel * p_.out_channel_stride;
  kernels_.pair_tile[conv_.block_size(oc_block)][panel.vectors](tile_);
}

void WinogradPixelsRun::store(const Block& block, const Panel& panel, int64_t oc_block) {
  const int64_t channel = conv_.first_channel(oc_block), channels = conv_.block_size(oc_block);
  const bool at_once = apart_ && !block.residual;
  if (at_once) kernels_.activate(p_.epilogue, sums_, 2 * channels * panel.vectors * kernels_.lanes);
  PairStore to;
  to.sums = sums_;
  to.channels = channels;
  to.vectors = panel.placed;
  to.panel_vectors = panel.vectors;
  to.places = panel.places;
  to.step = conv_.step_;
  to.y_channel = p_.out_channel_stride;
  to.y_offset = channel * p_.out_channel_stride;
  to.residual_channel = p_.residual_channel_stride;
  to.residual_offset = channel * p_.residual_channel_stride;
  to.clamp = clamp_.use;
  to.low = clamp_.low;
  to.high = clamp_.high;
  kernels_.store_pairs[conv_.log_](to);
  store_gathered(panel, channel, channels, at_once);
  if (!apart_ || at_once) return;
  for (int64_t i = 0; i < panel.placed; ++i)
    for (int64_t o = 0; o < channels; ++o) {
      const PairPlace& place = panel.places[i];
      float* const y = place.y + to.y_offset + o * to.y_channel;
      kernels_.activate(p_.epilogue, y, place.low_count);
      kernels_.activate(p_.epilogue, y + conv_.step_, place.high_count);
    }
}

void WinogradPixelsRun::store_gathered(const Panel& panel, int64_t channel, int64_t channels,
                                       bool finished) const {
  const int64_t sums_channel = panel.vectors * kernels_.lanes;
  const int64_t seconds = channels * sums_channel, y_channel = p_.out_channel_stride;
  const bool plain = !p_.has_residual && !clamp_.use && (!apart_ || finished);
  const float* first = sums_ + panel.placed * kernels_.lanes;
  for (const Pair* pair = panel.pairs; pair < panel.pairs + panel.pair_count; ++pair, ++first) {
    const int64_t to_second = pair->to_second;
    float* y = pair->to.y + channel * y_channel;
    for (int64_t o = 0; o < channels; ++o, y += y_channel) {
      const float* sum = first + o * sums_channel;
      if (plain) {
        y[to_second] = sum[seconds];
        *y = *sum;
        continue;
      }
      store_one(pair->to, channel + o, 0, *sum, finished);
      if (to_second > 0) store_one(pair->to, channel + o, to_second, sum[seconds], finished);
    }
  }
}

WinogradPixelsRun::Output WinogradPixelsRun::output(const Block& block, int64_t row,
                                                    int64_t column) const {
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1];
  Output to = {block.output + block.depth * depth.output_stride + row * rows.output_stride + column,
               nullptr};
  if (block.residual)
    to.residual =
        block.residual + block.depth * depth.residual_stride + row * rows.residual_stride + column;
  return to;
}

void WinogradPixelsRun::store_one(const Output& to, int64_t channel, int64_t at, float value,
                                  bool finished) const {
  if (to.residual) value += to.residual[channel * p_.residual_channel_stride + at];
  if (clamp_.use) {  // NaN stays
    value = clamp_.low > value ? clamp_.low : value;
    value = clamp_.high < value ? clamp_.high : value;
  }
  if (apart_ && !finished) kernels_.activate(p_.epilogue, &value, 1);
  to.y[channel * p_.out_channel_stride + at] = value;
}

// Sums that are not finite, as the definition says.
void WinogradPixelsRun::store_repaired(const Block& block, const Panel& panel, int64_t oc_block) {
  const int64_t lanes = kernels_.lanes;
  const int64_t channel = conv_.first_channel(oc_block), channels = conv_.block_size(oc_block);
  auto store = [&](int64_t row, int64_t column, int64_t o, float sum) {
    if (!std::isfinite(sum)) sum = plain_sum(block, oc_block, o, row, column);
    store_one(output(block, row, column), channel + o, 0, sum, false);
  };
  PairPlace places[kMaxPairVectors];
  for (int64_t i = 0; i < panel.placed; ++i)
    places[i] = {outputs_ + 2 * i * lanes, nullptr, lanes, lanes};
  const int64_t outputs_channel = 2 * panel.placed * lanes;
  PairStore plain = {};
  plain.sums = sums_;
  plain.channels = channels;
  plain.vectors = panel.placed;
  plain.panel_vectors = panel.vectors;
  plain.places = places;
  plain.step = lanes;
  plain.y_channel = outputs_channel;
  kernels_.store_pairs[conv_.log_](plain);
  for (int64_t o = 0; o < channels; ++o) {
    for (int64_t i = 0; i < panel.placed; ++i) {
      const PairPlace& place = panel.places[i];
      const float* from = outputs_ + o * outputs_channel + 2 * i * lanes;
      for (int64_t lane = 0; lane < place.low_count; ++lane)
        store(panel.rows[i], panel.columns[i] + lane, o, from[lane]);
      for (int64_t lane = 0; lane < place.high_count; ++lane)
        store(panel.rows[i], panel.columns[i] + conv_.step_ + lane, o, from[lanes + lane]);
    }
    const float* first = sums_ + (o * panel.vectors + panel.placed) * lanes;
    const float* second = first + channels * panel.vectors * lanes;
    for (int64_t i = 0; i < panel.pair_count; ++i) {
      const Pair& pair = panel.pairs[i];
      store(pair.row, pair.column, o, first[i]);
      if (pair.to_second > 0) store(pair.row, pair.column + pair.to_second, o, second[i]);
    }
  }
}

// The taps of a window are g0 = the factor of m0, g1 = those of m1 less m2, g2 = that of m3.
float WinogradPixelsRun::plain_sum(const Block& block, int64_t oc_block, int64_t o, int64_t row,
                                   int64_t column) const {
  const ConvWindow& width = p_.spatial[2];
  const int64_t channels = conv_.block_size(oc_block), channel = conv_.first_channel(oc_block);
  const float* next[kSums];  // in order
  next[0] = block.weights + channel * conv_.products_ + o;
  for (int k = 1; k < kSums; ++k) next[k] = next[k - 1] + conv_.terms_[k - 1] * channels;
  float sum = block.bias ? block.bias[channel + o] : 0.0f;
  Taps taps;
  for (taps.kd = 0; taps.kd < p_.spatial[0].kernel; ++taps.kd)
    for (taps.kh = 0; taps.kh < p_.spatial[1].kernel; ++taps.kh)
      for (taps.window = 0; taps.window < conv_.taps_.windows(); ++taps.window) {
        const float* x = input_row(block, row, taps);
        const int64_t first_tap = conv_.taps_.first_tap(taps.window);
        for (int64_t ic = 0; ic < p_.in_channels; ++ic) {
          float factors[kSums] = {};
          for (int k = 0; k < kSums; ++k) {
            const int index = WinogradPixelsConv::kOrder[k];
            if (taps.window >= conv_.taps_.windows_of(index)) continue;
            factors[index] = *next[k];
            next[k] += channels;
          }
          const float g[3] = {factors[0], factors[1] - factors[2], -factors[3]};
          for (int i = 0; i < 3 && x; ++i) {
            const int64_t tap = first_tap + i;
            const int64_t at = column - width.pad_begin + tap * width.dilation;
            if (tap < 3 * taps.window || tap >= conv_.taps_.count) continue;
            if (at >= 0 && at < width.input_size) sum += g[i] * x[ic * p_.in_channel_stride + at];
          }
        }
      }
  return sum;
}

}  // namespace convoy::kernels
