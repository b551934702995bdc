// The sums of a Winograd convolution, and their way to the output.
#include <algorithm>
#include <cmath>

#include "ops/kernels/conv/channel_store.h"
#include "ops/kernels/conv/winograd_run.h"

namespace convoy::kernels {

// The sums of the pairs; the bias goes with m1, which is in both outputs.
void WinogradRun::compute(const Block& block, int64_t panel) {
  alignas(64) float bias[kMaxChannelVectors * 16] = {};
  alignas(64) static constexpr float kZeros[kMaxChannelVectors * 16] = {};
  const ChannelPanels& panels = conv_.panels_;
  const int64_t first = panels.first_of(panel), width = panels.width_of(panel);
  if (block.bias) std::copy_n(block.bias + first, panels.size_of(panel), bias);
  const float* weights = block.weights + conv_.products_ * first;
  ChannelTile tile;
  tile.x = planes_;
  tile.x_row = p_.spatial[1].stride * kSums * conv_.columns_;
  tile.rows = block.rows;
  tile.columns = block.tiles;
  tile.offsets = offsets_;
  for (int sum = 0; sum < kSums; ++sum) {
    tile.sums = sums_ + sum * block.rows * block.tiles * width;
    tile.bias = sum == 1 ? bias : kZeros;
    for (int64_t left = conv_.sum_terms_[sum]; left > 0; left -= tile.terms) {
      tile.terms = std::min(left, kMostTileTerms);
      tile.weights = weights;
      kernels_.channels[panels.vectors_of(panel)](tile);
      tile.offsets += tile.terms;
      weights += tile.terms * width;
      tile.bias = nullptr;
    }
  }
}

bool WinogradRun::combine(const Block& block, int64_t panel) const {
  const ChannelPanels& panels = conv_.panels_;
  const int64_t width = panels.width_of(panel), dilation = conv_.dilation();
  WinogradOutput out;
  out.sums = sums_;
  out.sums_copy = block.rows * block.tiles * width;
  out.tiles = block.tiles;
  out.rows = block.rows;
  out.runs = block.segments;
  out.run = block.run;
  out.output_run = 2 * dilation;
  out.first = outputs_;
  out.first_row = block.first_count * width;
  out.first_count = block.first_count;
  if (conv_.runs_ == 1) {
    out.second = out.first + dilation * width;
    out.second_row = out.first_row;
    out.second_count = std::max<int64_t>(block.first_count - dilation, 0);
  } else {
    out.second = out.first + block.rows * out.first_row;
    out.second_row = block.second_count * width;
    out.second_count = block.second_count;
  }
  return kernels_.winograd_output[panels.vectors_of(panel)](out);
}

// What combine gives, by the definition where it is not finite.
void WinogradRun::repair(const Block& block, int64_t panel) const {
  const ChannelPanels& panels = conv_.panels_;
  const int64_t first = panels.first_of(panel), width = panels.width_of(panel);
  const float* weights = block.weights + conv_.products_ * first;
  float* to = outputs_;
  auto run = [&](int64_t column, int64_t count) {
    for (int64_t row = 0; row < block.rows; ++row)
      for (int64_t i = 0; i < count; ++i, to += width)
        for (int64_t o = 0; o < panels.size_of(panel); ++o) {
          if (std::isfinite(to[o])) continue;
          const float bias = block.bias ? block.bias[first + o] : 0.0f;
          to[o] = bias + plain_sum(block, weights + o, width, block.row + row, column + i);
        }
  };
  run(block.first, block.first_count);
  run(block.first + conv_.dilation(), block.second_count);
}

// The taps are g0 = the factor of m0, g1 = those of m1 less m2, g2 = that of m3.
float WinogradRun::plain_sum(const Block& block, const float* weights, int64_t width, int64_t row,
                             int64_t column) const {
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1], &columns = p_.spatial[2];
  const WinogradTaps& taps = conv_.taps_;
  const float* factors[kSums];
  for (int sum = 0; sum < kSums; ++sum) {
    factors[sum] = weights;
    weights += conv_.sum_terms_[sum] * width;
  }
  float sum = 0;
  for (int64_t ic = 0; ic < p_.in_channels; ++ic)
    for (int64_t kd = 0; kd < depth.kernel; ++kd)
      for (int64_t kh = 0; kh < rows.kernel; ++kh)
        for (int64_t window = 0; window < taps.windows(); ++window) {
          float factor[kSums] = {};
          for (int j = 0; j < kSums; ++j) {
            if (!taps.adds_to(window, j)) continue;
            factor[j] = *factors[j];
            factors[j] += width;
          }
          const float g[3] = {factor[0], factor[1] - factor[2], factor[3]};
          const int64_t d = block.depth * depth.stride - depth.pad_begin + kd * depth.dilation;
          const int64_t h = row * rows.stride - rows.pad_begin + kh * rows.dilation;
          if (d < 0 || d >= depth.input_size || h < 0 || h >= rows.input_size) continue;
          const float* x = block.input + ic * p_.in_channel_stride + d * depth.input_stride +
                           h * rows.input_stride;
          for (int i = 0; i < 3; ++i) {
            if (taps.tap(window, i) < 0) continue;
            const int64_t w = column - columns.pad_begin + (2 * window + i) * columns.dilation;
            if (w >= 0 && w < columns.input_size) sum += g[i] * x[w * columns.input_stride];
          }
        }
  return sum;
}

// Row by row; of a run, all first outputs of the pairs come before the second ones.
void WinogradRun::number_pixels(const Block& block) {
  const Numbered shape = {block.rows, block.tiles, block.first_count, block.second_count};
  if (shape == numbered_) return;
  numbered_ = shape;
  WinogradPixel* pixel = pixels_;
  const auto rows = static_cast<int32_t>(block.rows), tiles = static_cast<int32_t>(block.tiles);
  if (conv_.runs_ > 1) {
    for (int32_t second = 0; second < 2; ++second)
      for (int32_t row = 0; row < rows; ++row)
        for (int32_t i = 0; i < (second ? block.second_count : block.first_count); ++i)
          *pixel++ = {row * tiles + i, second};
    return;
  }
  const auto dilation = static_cast<int32_t>(conv_.dilation());
  for (int32_t row = 0; row < rows; ++row) {
    int32_t tile = row * tiles, second = 0, in_run = 0;
    for (int64_t i = 0; i < block.first_count; ++i) {
      *pixel++ = {tile + in_run, second};
      if (++in_run < dilation) continue;
      in_run = 0;
      if (second == 1) tile += dilation;
      second = 1 - second;
    }
  }
}

// Straight from the sums to the output: false where rows are too short, or where an output is not
// finite, which then has to be computed again.
bool WinogradRun::store_pairs(const Block& block, int64_t panel) {
  const int64_t width = conv_.panels_.width_of(panel);
  number_pixels(block);
  WinogradStore stores[2];
  int count = 0;
  auto add = [&](int64_t column, int64_t columns, const WinogradPixel* pixels) {
    if (columns == 0) return true;
    WinogradStore& store = stores[count++];
    store.to = destination(block, panel, column, columns);
    store.to.sums = sums_;
    store.sums_copy = block.rows * block.tiles * width;
    store.pixels = pixels;
    return store.to.columns >= kernels_.lanes && kernels_.winograd_store(store);
  };
  if (!add(block.first, block.first_count, pixels_)) return false;
  const WinogradPixel* const seconds = pixels_ + block.rows * block.first_count;
  if (!add(block.first + conv_.dilation(), block.second_count, seconds)) return false;
  for (int i = 0; i < count; ++i) finish_store(kernels_, p_.epilogue, stores[i].to);
  return true;
}

void WinogradRun::store_repaired(const Block& block, int64_t panel) const {
  if (!combine(block, panel)) repair(block, panel);
  const float* outputs = outputs_;
  auto store = [&](int64_t column, int64_t count) {
    if (count == 0) return;
    ChannelStore to = destination(block, panel, column, count);
    to.sums = outputs;
    kernels_.store_channels(to);
    finish_store(kernels_, p_.epilogue, to);
    outputs += block.rows * count * to.sums_pixel;
  };
  store(block.first, block.first_count);
  store(block.first + conv_.dilation(), block.second_count);
}

ChannelStore WinogradRun::destination(const Block& block, int64_t panel, int64_t column,
                                      int64_t count) const {
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1];
  const ChannelPanels& panels = conv_.panels_;
  const int64_t channel = panels.first_of(panel);
  ChannelStore store = store_of(p_, block.rows, count);
  store.sums_pixel = panels.width_of(panel);
  store.channels = panels.size_of(panel);
  store.y = block.output + channel * p_.out_channel_stride + block.depth * depth.output_stride +
            block.row * rows.output_stride + column;
  if (block.residual)
    store.residual = block.residual + channel * p_.residual_channel_stride +
                     block.depth * depth.residual_stride + block.row * rows.residual_stride +
                     column;
  return store;
}

}  // namespace convoy::kernels
