// Kernels whose vectors run along output channels: pixels are broadcast, so that no load crosses a
// cache line, and weights are loaded aligned. The rules are those of conv_tile.h.
#pragma once

#include <cstdint>

#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/gemm/register_tile.h"

namespace convoy::kernels {
namespace {

// NP pixels from x[0] .. x[NP - 1], or from x[0] on where they are neighbours.
template <class V, int NV, int NP, bool kNeighbours>
__attribute__((always_inline)) inline void channel_tile(const ChannelTile& a, const float* const* x,
                                                        float* sums) {
  using reg = typename V::reg;
  reg acc[NP][NV];
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v)
#pragma GCC unroll 16
    for (int p = 0; p < NP; ++p)
      acc[p][v] = V::load(a.bias ? a.bias + v * V::lanes : sums + (p * NV + v) * V::lanes);
  const float* from[NP];
#pragma GCC unroll 16
  for (int p = 0; p < NP; ++p) from[p] = kNeighbours ? x[0] + p : x[p];
  const float* const weights = a.weights;
  const int64_t* const offsets = a.offsets;
  add_products<V>(
      acc, 0, a.terms,
      [&](int p, int64_t term) __attribute__((always_inline)) { return from[p][offsets[term]]; },
      [&](int64_t term, int v)
          __attribute__((always_inline)) { return V::load(weights + (term * NV + v) * V::lanes); });
#pragma GCC unroll 16
  for (int p = 0; p < NP; ++p)
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) V::store(sums + (p * NV + v) * V::lanes, acc[p][v]);
}

struct ChannelPlace {
  const float* row;
  int64_t column;
};

// Tiles of NP pixels, row by row as if the rows were one.
template <class V, int NV, int NP>
__attribute__((noinline)) void channel_tiles(const ChannelTile& a, ChannelPlace& place,
                                             int64_t tiles, float* sums) {
  for (; tiles > 0; --tiles, sums += NP * NV * V::lanes) {
    const float* x[NP];
    x[0] = place.row + place.column;
    if (place.column + NP <= a.columns) {
      place.column += NP;
      if (place.column == a.columns) place.column = 0, place.row += a.x_row;
      channel_tile<V, NV, NP, true>(a, x, sums);
      continue;
    }
    for (int p = 0; p < NP; ++p) {
      x[p] = place.row + place.column;
      if (++place.column == a.columns) place.column = 0, place.row += a.x_row;
    }
    channel_tile<V, NV, NP, false>(a, x, sums);
  }
}

template <class V, int NV, int NP>
void channel_tiles_of(const ChannelTile& a, ChannelPlace& place, int64_t pixels, int64_t tiles,
                      float* sums) {
  if constexpr (NP > 1)
    if (pixels < NP) return channel_tiles_of<V, NV, NP - 1>(a, place, pixels, tiles, sums);
  channel_tiles<V, NV, NP>(a, place, tiles, sums);
}

// All pixels in tiles of at most NP, cut as evenly as possible.
template <class V, int NV, int NP>
void run_channels(const ChannelTile& a) {
  const int64_t pixels = a.rows * a.columns;
  const int64_t tiles = (pixels + NP - 1) / NP;
  const int64_t few = pixels / tiles, wide_tiles = pixels % tiles;
  ChannelPlace place = {a.x, 0};
  float* sums = a.sums;
  if (wide_tiles > 0) {
    channel_tiles_of<V, NV, NP>(a, place, few + 1, wide_tiles, sums);
    sums += wide_tiles * (few + 1) * NV * V::lanes;
  }
  channel_tiles_of<V, NV, NP>(a, place, few, tiles - wide_tiles, sums);
}

template <class V>
typename V::reg finish_sums(const ChannelStore& a, typename V::reg value) {
  if (!a.clamp) return value;
  return V::min(V::set(a.high), V::max(V::set(a.low), value));
}

// `channels` <= lanes rows of y from lanes pixels, which are given as vectors of channels.
template <class V>
__attribute__((always_inline)) inline void store_square(const ChannelStore& a,
                                                        typename V::reg (&square)[V::lanes],
                                                        int64_t channels, float* y,
                                                        const float* residual) {
  V::transpose(square);
  auto store = [&](int o) __attribute__((always_inline)) {
    auto value = square[o];
    if (residual) value = V::add(value, V::load(residual + o * a.residual_channel));
    V::store(y + o * a.y_channel, finish_sums<V>(a, value));
  };
  if (channels == V::lanes) {
#pragma GCC unroll 16
    for (int o = 0; o < V::lanes; ++o) store(o);
    return;
  }
#pragma GCC unroll 16
  for (int o = 0; o < V::lanes; ++o)
    if (o < channels) store(o);
}

template <class V>
void store_short_row(const ChannelStore& a, const float* sums, int64_t channels, float* y,
                     const float* residual) {
  for (int64_t o = 0; o < channels; ++o)
    for (int64_t i = 0; i < a.columns; ++i) {
      float value = sums[i * a.sums_pixel + o];
      if (residual) value += residual[o * a.residual_channel + i];
      if (a.clamp) {
        value = value < a.low ? a.low : value;
        value = value > a.high ? a.high : value;
      }
      y[o * a.y_channel + i] = value;
    }
}

// The last square of a row is moved back to end with it.
template <class V>
void store_channels(const ChannelStore& a) {
  for (int64_t channel = 0; channel < a.channels; channel += V::lanes) {
    const int64_t left = a.channels - channel;
    const int64_t channels = left < V::lanes ? left : V::lanes;
    for (int64_t row = 0; row < a.rows; ++row) {
      const float* sums = a.sums + row * a.columns * a.sums_pixel + channel;
      float* const y = a.y + channel * a.y_channel + row * a.y_row;
      const float* residual = a.residual;
      if (residual) residual += channel * a.residual_channel + row * a.residual_row;
      if (a.columns < V::lanes) {
        store_short_row<V>(a, sums, channels, y, residual);
        continue;
      }
      for (int64_t at = 0; at < a.columns; at += V::lanes) {
        if (at > a.columns - V::lanes) at = a.columns - V::lanes;
        typename V::reg square[V::lanes];
#pragma GCC unroll 16
        for (int i = 0; i < V::lanes; ++i) square[i] = V::load(sums + (at + i) * a.sums_pixel);
        store_square<V>(a, square, channels, y + at, residual ? residual + at : nullptr);
      }
    }
  }
}

template <class V>
void store_pixels(const PixelStore& a) {
  using reg = typename V::reg;
  const reg scale = V::set(a.scale), low = V::set(a.low), high = V::set(a.high);
  for (int64_t c = 0; c < a.channels; c += V::lanes) {
    const int64_t left = a.channels - c;
    const bool full = left >= V::lanes;
    auto load = [&](const float* p) __attribute__((always_inline)) {
      return full ? V::load(p) : V::load_n(p, left);
    };
    const reg bias = a.bias ? load(a.bias + c) : V::zero();
    for (int64_t p = 0; p < a.pixels; ++p) {
      reg value = V::fma(V::load(a.sums + p * a.sums_pixel + c), scale, bias);
      if (a.residual) value = V::add(value, load(a.residual + p * a.residual_pixel + c));
      if (a.clamp) value = V::min(high, V::max(low, value));
      float* const y = a.y + p * a.y_pixel + c;
      if (full)
        V::store(y, value);
      else
        V::store_n(y, value, left);
    }
  }
}

// NV vectors of channels go with at most NP pixels.
template <class V, int NV, int NP>
constexpr void add_channels(ConvKernels& kernels) {
  kernels.channels[NV] = run_channels<V, NV, NP>;
  kernels.max_pixels[NV] = NP;
}

}  // namespace
}  // namespace convoy::kernels
