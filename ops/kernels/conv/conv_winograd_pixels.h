// The kernels of winograd_pixels.h. The rules are those of conv_tile.h.
//
// V also has, for D a power of two below lanes, deal<D>(low, high, even, odd): blocks of D elements
// of two vectors alternately to even and odd, in whatever order of lanes is cheapest, the same in
// both; and collect<D>(even, odd, low, high), which undoes it.
#pragma once

#include <cstdint>

#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/conv_tile.h"
#include "ops/kernels/gemm/register_tile.h"

namespace convoy::kernels {
namespace {

template <class V, int D>
__attribute__((always_inline)) inline void deal(typename V::reg low, typename V::reg high,
                                                typename V::reg& even, typename V::reg& odd) {
  if constexpr (D < V::lanes)
    V::template deal<D>(low, high, even, odd);
  else
    even = low, odd = high;
}

template <class V, int D, bool kWhole, bool kAll>
void pair_rows(const PairInput& a) {
  using reg = typename V::reg;
  const int64_t step = D < V::lanes ? V::lanes : a.step;
  const int64_t further = D < V::lanes ? 2 * D : a.further;
  const int64_t begin = a.begin, end = a.end;
  const int64_t x_row = a.x_row, v_row = a.v_row;
  const int64_t p0 = a.place[0], p1 = a.place[1], p2 = a.place[2], p3 = a.place[3];
  const bool first = kAll || a.wanted[0], last = kAll || a.wanted[3];
  for (int64_t i = 0; i < a.vectors; ++i) {
    const float* x = a.x[i];
    float* v = a.v + i * V::lanes;
    for (int64_t left = a.rows; left > 0; --left, x += x_row, v += v_row) {
      auto load = [=](int64_t at) __attribute__((always_inline)) {
        return kWhole ? V::load(x + at) : load_within<V>(x, at, begin, end);
      };
      reg d0, d1, d2, d3;
      deal<V, D>(load(0), load(step), d0, d1);
      deal<V, D>(load(further), load(further + step), d2, d3);
      if (first) V::store(v + p0, V::sub(d0, d2));
      V::store(v + p1, V::add(d1, d2));
      V::store(v + p2, V::sub(d2, d1));
      if (last) V::store(v + p3, V::sub(d1, d3));
    }
  }
}

template <class V, int D>
void pair_input(const PairInput& a) {
  if (!a.whole) return pair_rows<V, D, false, false>(a);
  if (a.wanted[0] && a.wanted[3]) return pair_rows<V, D, true, true>(a);
  pair_rows<V, D, true, false>(a);
}

// Adds N terms.
template <int N, class V, int OC, int NV>
__attribute__((always_inline)) inline void add_pair_terms(const float*& v, const float*& w,
                                                          typename V::reg (&acc)[OC][NV]) {
#pragma GCC unroll 8
  for (int k = 0; k < N; ++k) {
    add_product<V, false, true>(
        acc, k, [w](int o, int64_t term) { return w[term * OC + o]; },
        [v](int64_t term, int i) { return V::load(v + (term * NV + i) * V::lanes); });
    // Keeps the compiler from mixing the loads of several terms: it has no registers left.
    asm volatile("" : "+r"(v), "+r"(w) : : "memory");
  }
  v += N * NV * V::lanes;
  w += N * OC;
}

template <class V, int OC, int NV>
__attribute__((always_inline)) inline void add_pairs(int64_t terms, int64_t at_once,
                                                     const float*& v, const float*& w,
                                                     typename V::reg (&acc)[OC][NV]) {
  if (at_once == 5)
    for (; terms > 0; terms -= 5) add_pair_terms<5, V, OC, NV>(v, w, acc);
  if (at_once == 4)
    for (; terms > 0; terms -= 4) add_pair_terms<4, V, OC, NV>(v, w, acc);
  if (at_once == 3)
    for (; terms > 0; terms -= 3) add_pair_terms<3, V, OC, NV>(v, w, acc);
  for (; terms > 0; --terms) add_pair_terms<1, V, OC, NV>(v, w, acc);
}

template <class V, int D>
__attribute__((always_inline)) inline void collect(typename V::reg even, typename V::reg odd,
                                                   typename V::reg& low, typename V::reg& high) {
  if constexpr (D < V::lanes)
    V::template collect<D>(even, odd, low, high);
  else
    low = even, high = odd;
}

// Whole vectors of pairs, of which the first halves are in memory and the second in acc.
template <class V, int D, int OC, int NV>
__attribute__((always_inline)) inline void store_tile_pairs(const PairTile& a,
                                                            typename V::reg (&check)[2],
                                                            typename V::reg (&acc)[OC][NV]) {
  using reg = typename V::reg;
  const int64_t step = D < V::lanes ? V::lanes : a.step, y_channel = a.y_channel;
  const float* const sums = a.sums;
#pragma GCC unroll 8
  for (int i = 0; i < NV; ++i) {
    float* y = a.places[i].y + a.y_offset;
#pragma GCC unroll 8
    for (int o = 0; o < OC; ++o, y += y_channel) {
      const reg first = V::load(sums + (o * NV + i) * V::lanes);
      reg low, high;
      V::add_product(check[i % 2], first, acc[o][i]);
      collect<V, D>(first, acc[o][i], low, high);
      V::store(y, low);
      V::store(y + step, high);
    }
  }
}

template <class V, int OC, int NV>
__attribute__((always_inline)) inline void store_tile_pairs_by(const PairTile& a,
                                                               typename V::reg (&check)[2],
                                                               typename V::reg (&acc)[OC][NV]) {
  switch (a.log) {
    case 0: return store_tile_pairs<V, 1, OC, NV>(a, check, acc);
    case 1: return store_tile_pairs<V, 2, OC, NV>(a, check, acc);
    case 2: return store_tile_pairs<V, 4, OC, NV>(a, check, acc);
    case 3: return store_tile_pairs<V, 8, OC, NV>(a, check, acc);
    default: return store_tile_pairs<V, 16, OC, NV>(a, check, acc);
  }
}

template <class V, int OC, int NV>
__attribute__((always_inline)) inline void clamp_tile(const PairTile& a,
                                                      typename V::reg (&check)[2],
                                                      typename V::reg (&acc)[OC][NV]) {
  const auto low = V::set(a.low), high = V::set(a.high);
  float* at = a.sums;
#pragma GCC unroll 8
  for (int o = 0; o < OC; ++o)
#pragma GCC unroll 8
    for (int i = 0; i < NV; ++i, at += V::lanes) {
      const auto first = V::load(at);
      V::add_product(check[i % 2], acc[o][i], first);
      V::store(at, V::min(high, V::max(low, first)));
      acc[o][i] = V::min(high, V::max(low, acc[o][i]));
    }
}

template <int OC, int NV>
__attribute__((always_inline)) inline void prefetch_outputs(const PairTile& a) {
#pragma GCC unroll 8
  for (int i = 0; i < NV; ++i) {
    const float* y = a.soon[i].y + a.y_offset;
#pragma GCC unroll 8
    for (int o = 0; o < OC; ++o, y += a.y_channel) __builtin_prefetch(y, 1);
  }
}

template <class V, int OC, int NV>
void pair_tile(const PairTile& a) {
  using reg = typename V::reg;
  const float *v = a.v, *w = a.weights;
  const int64_t* const terms = a.terms;
  const int64_t at_once = a.at_once;
  float* const sums = a.sums;
  float* const differences = sums + OC * NV * V::lanes;
  auto place = [](int o, int i) { return (o * NV + i) * V::lanes; };
  if (a.soon) prefetch_outputs<OC, NV>(a);
  reg acc[OC][NV];
#pragma GCC unroll 8
  for (int o = 0; o < OC; ++o)
#pragma GCC unroll 8
    for (int i = 0; i < NV; ++i) acc[o][i] = a.bias ? V::set(a.bias[o]) : V::zero();
  // One loop, so that there is one place for which registers are chosen.
  for (int sum = 0;; ++sum) {
    asm volatile("" : "+r"(sum));
    add_pairs<V, OC, NV>(terms[sum], at_once, v, w, acc);
    if (sum == 3) break;
#pragma GCC unroll 8
    for (int o = 0; o < OC; ++o)
#pragma GCC unroll 8
      for (int i = 0; i < NV; ++i) {
        float* const at = sums + place(o, i);
        float* const difference = differences + place(o, i);
        if (sum == 0) {
          V::store(at, acc[o][i]);
          acc[o][i] = V::zero();
        } else if (sum == 1) {
          const reg m1 = V::load(at);
          V::store(difference, V::sub(m1, acc[o][i]));
          acc[o][i] = V::add(m1, acc[o][i]);
        } else {
          V::store(at, acc[o][i]);
          acc[o][i] = V::load(difference);
        }
      }
  }
  asm volatile("" : : : "memory");
  reg check[2] = {V::load(a.check), V::zero()};
  if (a.places == nullptr) {
#pragma GCC unroll 8
    for (int o = 0; o < OC; ++o)
#pragma GCC unroll 8
      for (int i = 0; i < NV; ++i) {
        V::add_product(check[i % 2], acc[o][i], V::load(sums + place(o, i)));
        V::store(differences + place(o, i), acc[o][i]);
      }
  } else {
    if (a.clamp) clamp_tile<V, OC, NV>(a, check, acc);
    store_tile_pairs_by<V, OC, NV>(a, check, acc);
  }
  V::store(a.check, V::add(check[0], check[1]));
}

template <class V>
__attribute__((always_inline)) inline void store_half(const PairStore& a, typename V::reg value,
                                                      float* y, const float* residual,
                                                      int64_t count) {
  if (count == 0) return;
  const bool whole = count == V::lanes;
  if (residual) value = V::add(value, whole ? V::load(residual) : V::load_n(residual, count));
  if (a.clamp) value = V::min(V::set(a.high), V::max(V::set(a.low), value));
  if (whole)
    V::store(y, value);
  else
    V::store_n(y, value, count);
}

template <class V, int D>
void store_pairs(const PairStore& a) {
  using reg = typename V::reg;
  const int64_t sums_channel = a.panel_vectors * V::lanes, step = a.step;
  for (int64_t i = 0; i < a.vectors; ++i) {
    const PairPlace& place = a.places[i];
    const float* first = a.sums + i * V::lanes;
    const float* second = first + a.channels * sums_channel;
    float* y = place.y + a.y_offset;
    const float* residual = place.residual ? place.residual + a.residual_offset : nullptr;
    for (int64_t o = 0; o < a.channels; ++o) {
      reg low, high;
      collect<V, D>(V::load(first), V::load(second), low, high);
      store_half<V>(a, low, y, residual, place.low_count);
      store_half<V>(a, high, y + step, residual ? residual + step : nullptr, place.high_count);
      first += sums_channel, second += sums_channel, y += a.y_channel;
      if (residual) residual += a.residual_channel;
    }
  }
}

template <class V, int D = 1>
constexpr void add_pair_dilations(ConvKernels& kernels, int log = 0) {
  kernels.pair_input[log] = pair_input<V, D>;
  kernels.store_pairs[log] = store_pairs<V, D>;
  if constexpr (D < V::lanes) add_pair_dilations<V, 2 * D>(kernels, log + 1);
}

template <class V, int OC, int NV = kMaxPairVectors>
constexpr void add_pair_tiles(ConvKernels& kernels) {
  kernels.pair_tile[OC][NV] = pair_tile<V, OC, NV>;
  if constexpr (NV > 1) add_pair_tiles<V, OC, NV - 1>(kernels);
}

// Blocks of up to OC output channels.
template <class V, int OC>
constexpr void add_winograd_pixels(ConvKernels& kernels) {
  if (kernels.max_pair_channels < OC) kernels.max_pair_channels = OC;
  add_pair_tiles<V, OC>(kernels);
  if constexpr (OC > 1)
    add_winograd_pixels<V, OC - 1>(kernels);
  else
    add_pair_dilations<V>(kernels);
}

}  // namespace
}  // namespace convoy::kernels
