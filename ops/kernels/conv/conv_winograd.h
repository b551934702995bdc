// The transforms of winograd_conv.h. The rules are those of conv_tile.h.
//
// V also has split<D>(low, high, even, odd) for D a power of two below lanes: see take_apart.
#pragma once

#include <cstdint>

#include "ops/kernels/conv/conv_channels.h"
#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/conv_tile.h"

namespace convoy::kernels {
namespace {

template <class V>
__attribute__((always_inline)) inline void store_inputs(typename V::reg d0, typename V::reg d1,
                                                        typename V::reg d2, typename V::reg d3,
                                                        float* v, int64_t copy) {
  V::store(v, V::sub(d0, d2));
  V::store(v + copy, V::add(d1, d2));
  V::store(v + 2 * copy, V::sub(d2, d1));
  V::store(v + 3 * copy, V::sub(d1, d3));
}

template <class V>
__attribute__((always_inline)) inline void winograd_step(const float* const (&x)[4], int64_t i,
                                                         float* v, int64_t copy) {
  store_inputs<V>(V::load(x[0] + i), V::load(x[1] + i), V::load(x[2] + i), V::load(x[3] + i), v + i,
                  copy);
}

// Rows in order: the end of a whole vector lies in what is written next.
template <class V>
void winograd_input(const WinogradInput& a) {
  const int64_t size = a.run, copy = a.v_copy;
  for (int64_t row = 0; row < a.rows; ++row)
    for (int64_t run = 0; run < a.runs; ++run) {
      const float* x[4];
      for (int k = 0; k < 4; ++k) x[k] = a.x[k] + row * a.x_row + run * a.x_run;
      float* const v = a.v + row * a.v_row + run * size;
      if (a.whole && size <= V::lanes) {
        winograd_step<V>(x, 0, v, copy);
        continue;
      }
      int64_t i = 0;
      for (; i + V::lanes <= size; i += V::lanes) winograd_step<V>(x, i, v, copy);
      for (; i < size; ++i) {
        v[i] = x[0][i] - x[2][i];
        v[copy + i] = x[1][i] + x[2][i];
        v[2 * copy + i] = x[2][i] - x[1][i];
        v[3 * copy + i] = x[1][i] - x[3][i];
      }
    }
}

// Two vectors that follow each other, alternately D elements to the one and D to the other.
template <class V, int D>
__attribute__((always_inline)) inline void take_apart(typename V::reg low, typename V::reg high,
                                                      typename V::reg& even, typename V::reg& odd) {
  if constexpr (D < V::lanes)
    V::template split<D>(low, high, even, odd);
  else
    even = low, odd = high;
}

// The last vector of a row is moved back to end with it, or else runs into what is written next.
template <class V, int D>
void winograd_near_input(const WinogradInput& a) {
  const int64_t rows = a.rows, run = a.run, copy = a.v_copy, begin = a.begin, end = a.end;
  for (int64_t row = 0; row < rows; ++row) {
    const float* const x = a.x[0] + row * a.x_row;
    float* const v = a.v + row * a.v_row;
    auto load = [=](int64_t at)
                    __attribute__((always_inline)) { return load_within<V>(x, at, begin, end); };
    for (int64_t i = 0; i < run; i += V::lanes) {
      if (i > 0 && i > run - V::lanes) i = run - V::lanes;
      typename V::reg d0, d1, d2, d3;
      take_apart<V, D>(load(2 * i), load(2 * i + V::lanes), d0, d1);
      take_apart<V, D>(load(2 * i + 2 * D), load(2 * i + 2 * D + V::lanes), d2, d3);
      store_inputs<V>(d0, d1, d2, d3, v + i, copy);
    }
  }
}

template <class V>
bool is_zero(typename V::reg x) {
  float lanes[V::lanes];
  V::store(lanes, x);
  bool zero = true;
  for (int i = 0; i < V::lanes; ++i) zero = zero && lanes[i] == 0;
  return zero;
}

// NV vectors a pixel.
template <class V, int NV>
bool winograd_pairs(const WinogradOutput& a) {
  using reg = typename V::reg;
  constexpr int64_t kPixel = NV * V::lanes;
  const reg zero = V::zero();
  reg check[NV];
  for (int v = 0; v < NV; ++v) check[v] = zero;
  for (int64_t row = 0; row < a.rows; ++row)
    for (int64_t run = 0; run < a.runs; ++run) {
      const float* sums = a.sums + (row * a.tiles + run * a.run) * kPixel;
      float* first = a.first + row * a.first_row + run * a.output_run * kPixel;
      float* second = a.second + row * a.second_row + run * a.output_run * kPixel;
      const int64_t firsts = a.first_count - run * a.output_run;
      const int64_t seconds = a.second_count - run * a.output_run;
      const int64_t count = firsts < a.run ? firsts : a.run;
      for (int64_t i = 0; i < count; ++i, sums += kPixel, first += kPixel, second += kPixel)
#pragma GCC unroll 3
        for (int v = 0; v < NV; ++v) {
          const float* const at = sums + v * V::lanes;
          const reg m1 = V::load(at + a.sums_copy), m2 = V::load(at + 2 * a.sums_copy);
          const reg y0 = V::add(m1, V::add(m2, V::load(at)));
          V::store(first + v * V::lanes, y0);
          check[v] = V::fma(y0, zero, check[v]);
          if (i >= seconds) continue;
          const reg y1 = V::sub(m1, V::add(m2, V::load(at + 3 * a.sums_copy)));
          V::store(second + v * V::lanes, y1);
          check[v] = V::fma(y1, zero, check[v]);
        }
    }
  bool finite = true;
  for (int v = 0; v < NV; ++v) finite = finite && is_zero<V>(check[v]);
  return finite;
}

// The last square of a row is moved back to end with it. Rounds as winograd_pairs does.
template <class V>
bool winograd_store(const WinogradStore& a) {
  using reg = typename V::reg;
  const ChannelStore to = a.to;
  const int64_t copy = a.sums_copy, others[2] = {0, 3 * copy};
  const float signs[2] = {1, -1};
  const reg zero = V::zero();
  reg check[2] = {zero, zero};
  for (int64_t channel = 0; channel < to.channels; channel += V::lanes) {
    const int64_t left = to.channels - channel;
    const int64_t channels = left < V::lanes ? left : V::lanes;
    for (int64_t row = 0; row < to.rows; ++row) {
      const WinogradPixel* const pixels = a.pixels + row * to.columns;
      float* const y = to.y + channel * to.y_channel + row * to.y_row;
      const float* residual = to.residual;
      if (residual) residual += channel * to.residual_channel + row * to.residual_row;
      for (int64_t at = 0; at < to.columns; at += V::lanes) {
        if (at > to.columns - V::lanes) at = to.columns - V::lanes;
        reg square[V::lanes];
#pragma GCC unroll 16
        for (int i = 0; i < V::lanes; ++i) {
          const WinogradPixel pixel = pixels[at + i];
          const float* const sums = to.sums + pixel.tile * to.sums_pixel + channel;
          const reg more = V::add(V::load(sums + 2 * copy), V::load(sums + others[pixel.second]));
          square[i] = V::fma(V::set(signs[pixel.second]), more, V::load(sums + copy));
          check[i % 2] = V::fma(square[i], zero, check[i % 2]);
        }
        store_square<V>(to, square, channels, y + at, residual ? residual + at : nullptr);
      }
    }
  }
  return is_zero<V>(check[0]) && is_zero<V>(check[1]);
}

template <class V, int D = 1>
constexpr void add_near_inputs(ConvKernels& kernels, int log = 0) {
  kernels.winograd_near_input[log] = winograd_near_input<V, D>;
  if constexpr (D < V::lanes) add_near_inputs<V, 2 * D>(kernels, log + 1);
}

template <class V>
constexpr void add_winograd(ConvKernels& kernels) {
  kernels.winograd_input = winograd_input<V>;
  add_near_inputs<V>(kernels);
  kernels.winograd_output[1] = winograd_pairs<V, 1>;
  kernels.winograd_output[2] = winograd_pairs<V, 2>;
  kernels.winograd_output[3] = winograd_pairs<V, 3>;
  kernels.winograd_store = winograd_store<V>;
}

}  // namespace
}  // namespace convoy::kernels
