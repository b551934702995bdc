// The sums of a task and their way to the output.
#include <algorithm>

#include "ops/kernels/conv/channel_store.h"
#include "ops/kernels/conv/conv_run.h"

namespace convoy::kernels {

// tile has x, x_row and taps.
void ConvRun::compute(const Area& area, ConvTile* tile, int64_t column, int64_t count) {
  tile->rows = area.rows;
  tile->limit = count;
  if (conv_.flat_) {
    tile->rows = 1;
    tile->limit = count += (area.rows - 1) * conv_.row_len_;
  }
  if (conv_.channels_) return compute_channels(area, *tile, column);
  if (count != cut_count_) {
    cuts_[0] = cut_row(conv_.oc_block_, count);
    if (conv_.large_blocks_ < conv_.block_count_) cuts_[1] = cut_row(conv_.oc_block_ - 1, count);
    cut_count_ = count;
  }
  if (!conv_.bounce_) return compute_direct(area, tile, column);
  for (int64_t block = area.block_begin; block < area.block_end; ++block)
    compute_bounced(area, *tile, block, column);
}

// tile has x, x_row, taps, rows and limit.
void ConvRun::compute_channels(const Area& area, const ConvTile& tile, int64_t column) {
  alignas(64) float bias[kMaxChannelVectors * 16];
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1];
  ChannelTile sums = {tile.x, tile.x_row, tile.offsets, tile.terms, nullptr,
                      bias,   bounce_,    tile.rows,    tile.limit};
  ChannelStore store = store_of(p_, tile.rows, tile.limit);
  store.sums = bounce_;
  if (half_) {
    store.rows = tile.rows;
    store.columns = store.y_row = tile.limit;
    store.y_channel = store.rows * store.columns;
    store.clamp = false;
  }
  for (int64_t panel = area.block_begin; panel < area.block_end; ++panel) {
    const int64_t channel = conv_.first_channel(panel), vectors = conv_.panels_.vectors_of(panel);
    store.channels = conv_.block_size(panel);
    store.sums_pixel = vectors * kernels_.lanes;
    std::fill_n(bias, store.sums_pixel, 0.0f);
    if (area.bias) std::copy_n(area.bias + channel, store.channels, bias);
    store.y = half_ ? bounce_ + conv_.bounce_size_ / 2
                    : area.output + channel * p_.out_channel_stride +
                          area.depth * depth.output_stride + area.row * rows.output_stride + column;
    for (int64_t o = 0; o < store.channels; ++o)
      for (int64_t i = 0; i < store.columns; i += 16)
        __builtin_prefetch(store.y + o * store.y_channel + i, 1);
    sums.weights = area.weights + channel * conv_.terms_;
    sums.offsets = tile.offsets;
    sums.bias = bias;
    for (int64_t left = tile.terms; left > 0 || sums.bias; left -= sums.terms) {
      sums.terms = std::min(left, conv_.term_chunk_);
      kernels_.channels[vectors](sums);
      sums.offsets += sums.terms;
      sums.weights += sums.terms * store.sums_pixel;
      sums.bias = nullptr;
    }
    store.residual = nullptr;
    if (area.residual)
      store.residual = area.residual + channel * p_.residual_channel_stride +
                       area.depth * depth.residual_stride + area.row * rows.residual_stride +
                       column;
    kernels_.store_channels(store);
    if (half_)
      finish_channels(area, store, channel, column);
    else
      finish_store(kernels_, p_.epilogue, store);
  }
}

// The larger blocks, then the smaller ones.
void ConvRun::compute_direct(const Area& area, ConvTile* tile, int64_t column) {
  auto run = [&](int64_t begin, int64_t end) {
    if (begin >= end) return;
    const int64_t channels = conv_.block_size(begin);
    tile->blocks = end - begin;
    place(area, conv_.first_channel(begin), column, tile);
    run_tile(channels, tile);
    activate(*tile, tile->blocks * channels);
  };
  run(area.block_begin, std::min(area.block_end, conv_.large_blocks_));
  run(std::max(area.block_begin, conv_.large_blocks_), area.block_end);
}

// Weights, bias and what is read and written in memory, from a block on that starts with `channel`.
void ConvRun::place(const Area& area, int64_t channel, int64_t column, ConvTile* tile) const {
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1];
  tile->weights = area.weights + channel * conv_.terms_;
  tile->bias = area.bias ? area.bias + channel : nullptr;
  tile->y = area.output + channel * p_.out_channel_stride + area.depth * depth.output_stride +
            area.row * rows.output_stride + column;
  tile->y_row = rows.output_stride;
  tile->y_channel = p_.out_channel_stride;
  tile->residual = nullptr;
  if (area.residual)
    tile->residual = area.residual + channel * p_.residual_channel_stride +
                     area.depth * depth.residual_stride + area.row * rows.residual_stride + column;
  tile->residual_row = rows.residual_stride;
  tile->residual_channel = p_.residual_channel_stride;
  tile->clamp = clamp_.use;
  tile->low = clamp_.low;
  tile->high = clamp_.high;
}

void ConvRun::activate(const ConvTile& tile, int64_t channels) const {
  if (!activate_) return;
  for (int64_t o = 0; o < channels; ++o)
    for (int64_t row = 0; row < tile.rows; ++row)
      kernels_.activate(p_.epilogue, tile.y + o * tile.y_channel + row * tile.y_row, tile.limit);
}

void ConvRun::compute_bounced(const Area& area, ConvTile tile, int64_t block, int64_t column) {
  const int64_t channel = conv_.first_channel(block), channels = conv_.block_size(block);
  const int64_t rows = tile.rows;
  tile.weights = area.weights + channel * conv_.terms_;
  tile.bias = area.bias ? area.bias + channel : nullptr;
  tile.y = bounce_;
  tile.y_channel = conv_.bounce_row_;
  tile.residual = nullptr;
  tile.clamp = false;
  tile.rows = tile.blocks = 1;
  for (int64_t row = 0; row < rows; ++row) {
    run_tile(channels, &tile);
    finish(area, channel, channels, area.row + row, column, tile.limit);
    tile.x += tile.x_row;
  }
}

void ConvRun::run_tile(int64_t channels, ConvTile* tile) const {
  const Cut& cut = cuts_[channels != conv_.oc_block_];
  tile->begin = 0;
  tile->tiles = cut.wide_tiles;
  if (tile->tiles > 0) run_tiles(kernels_.tile[channels][cut.narrow_vectors + 1], tile);
  tile->begin = cut.wide_tiles * (cut.narrow_vectors + 1) * kernels_.lanes;
  tile->tiles = cut.narrow_tiles;
  run_tiles(kernels_.tile[channels][cut.narrow_vectors], tile);
}

// What the tiles have asked for, the next ones need not.
void ConvRun::run_tiles(ConvTileFunction run, ConvTile* tile) {
  run(*tile);
  const int64_t asked = std::min(tile->blocks * tile->rows * tile->tiles, tile->soon_channels);
  tile->soon += asked * tile->soon_channel;
  tile->soon_channels -= asked;
}

ConvRun::Cut ConvRun::cut_row(int64_t channels, int64_t count) const {
  const int64_t most = kernels_.max_vectors[channels];
  const int64_t vectors = (count + kernels_.lanes - 1) / kernels_.lanes;
  const int64_t tiles = (vectors + most - 1) / most;
  return {vectors % tiles, tiles - vectors % tiles, vectors / tiles};
}

// From the bounce rows to the output: residual, activation, strides. Of a flat block, the rows.
void ConvRun::finish(const Area& area, int64_t channel, int64_t channels, int64_t row,
                     int64_t column, int64_t count) {
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1], &width = p_.spatial[2];
  const int64_t row_count = conv_.flat_ ? area.rows : 1;
  const int64_t length = conv_.flat_ ? count - (row_count - 1) * conv_.row_len_ : count;
  for (int64_t o = 0; o < channels; ++o)
    for (int64_t r = 0; r < row_count; ++r) {
      float* values = bounce_ + o * conv_.bounce_row_ + r * conv_.row_len_;
      if (half_) {
        finish_half(area, values, channel + o, row + r, column, length);
        continue;
      }
      if (area.residual) {
        const float* residual = area.residual + (channel + o) * p_.residual_channel_stride +
                                area.depth * depth.residual_stride +
                                (row + r) * rows.residual_stride + column * width.residual_stride;
        for (int64_t i = 0; i < length; ++i) values[i] += residual[i * width.residual_stride];
      }
      kernels_.activate(p_.epilogue, values, length);
      float* y = area.output + (channel + o) * p_.out_channel_stride +
                 area.depth * depth.output_stride + (row + r) * rows.output_stride +
                 column * width.output_stride;
      if (width.output_stride == 1)
        std::copy(values, values + length, y);
      else
        for (int64_t i = 0; i < length; ++i) y[i * width.output_stride] = values[i];
    }
}

void ConvRun::finish_channels(const Area& area, const ChannelStore& store, int64_t channel,
                              int64_t column) const {
  for (int64_t o = 0; o < store.channels; ++o)
    for (int64_t row = 0; row < store.rows; ++row)
      finish_half(area, store.y + o * store.y_channel + row * store.y_row, channel + o,
                  area.row + row, column, store.columns);
}

// Sums of one channel and row to memory as 16-bit floats: residual, activation, strides.
void ConvRun::finish_half(const Area& area, float* values, int64_t channel, int64_t row,
                          int64_t column, int64_t count) const {
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1], &width = p_.spatial[2];
  if (area.half_residual)
    half_->add(values,
               area.half_residual + channel * p_.residual_channel_stride +
                   area.depth * depth.residual_stride + row * rows.residual_stride +
                   column * width.residual_stride,
               width.residual_stride, count);
  kernels_.activate(p_.epilogue, values, count);
  half_->store(values,
               area.half_output + channel * p_.out_channel_stride +
                   area.depth * depth.output_stride + row * rows.output_stride +
                   column * width.output_stride,
               width.output_stride, count);
}

}  // namespace convoy::kernels
