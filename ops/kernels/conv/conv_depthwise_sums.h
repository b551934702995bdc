// Sums of taps of a channel on its own. The rules are those of conv_tile.h.
//
// A load that is not aligned costs as much as several products, and each input is wanted once for
// each tap. So vectors are loaded once, one after the other, and the inputs of the other taps are
// shifted out of two neighbours.
#pragma once

#include <cstdint>

#include "ops/kernels/conv/conv_tile.h"

namespace convoy::kernels {
namespace {

template <class V, int R>
__attribute__((always_inline)) inline typename V::reg shifted(typename V::reg a,
                                                              typename V::reg b) {
  if constexpr (R == 0)
    return a;
  else
    return V::template shift<R>(a, b);
}

// A vector of inputs for each remainder of S, from `load`, which gives vector j of them in order.
template <class V, int S, class Load>
__attribute__((always_inline)) inline void load_inputs(Load load, int j, typename V::reg (&in)[S]) {
  if constexpr (S == 1)
    in[0] = load(j);
  else
    V::template split<1>(load(2 * j), load(2 * j + 1), in[0], in[1]);
}

// Adds K taps to sum kTo of each of NV vectors; to two sums in turn where kTo is 2, as one would
// wait for itself.
template <class V, int S, int K, int kTo, int NV, int R = 0>
__attribute__((always_inline)) inline void add_shifted(const typename V::reg (&in)[NV + 1][S],
                                                       const float* w,
                                                       typename V::reg (&acc)[NV][2]) {
  if constexpr (R < K) {
    constexpr int kSum = kTo == 2 ? R % 2 : kTo;
    const auto weight = V::set(w[R]);
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v)
      acc[v][kSum] =
          V::fma(shifted<V, R / S>(in[v][R % S], in[v + 1][R % S]), weight, acc[v][kSum]);
    add_shifted<V, S, K, kTo, NV, R + 1>(in, w, acc);
  }
}

// Adds K taps to each of two rows of outputs, that share the inputs but not the row of taps.
template <class V, int S, int K, int NV, int R = 0>
__attribute__((always_inline)) inline void add_shifted_pair(const typename V::reg (&in)[NV + 1][S],
                                                            const float* w0, const float* w1,
                                                            typename V::reg (&acc)[NV][2]) {
  if constexpr (R < K) {
    const auto weight0 = V::set(w0[R]), weight1 = V::set(w1[R]);
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) {
      const auto x = shifted<V, R / S>(in[v][R % S], in[v + 1][R % S]);
      acc[v][0] = V::fma(x, weight0, acc[v][0]);
      acc[v][1] = V::fma(x, weight1, acc[v][1]);
    }
    add_shifted_pair<V, S, K, NV, R + 1>(in, w0, w1, acc);
  }
}

// Adds taps R, R + 1, ... of w, and those a vector of outputs further on, which take the same
// shifted inputs, to another sum.
template <class V, int S, int NV, int R = 0>
__attribute__((always_inline)) inline void add_block(const typename V::reg (&in)[NV + 2][S],
                                                     const float* w, int64_t taps,
                                                     typename V::reg (&acc)[NV][2]) {
  constexpr int kVector = S * V::lanes;
  if constexpr (R < kVector) {
    if (R >= taps) return;
    const auto weight = V::set(w[R]);
    auto input = [&](int v) __attribute__((always_inline)) {
      return shifted<V, R / S>(in[v][R % S], in[v + 1][R % S]);
    };
    auto x = input(0);
    if (R + kVector < taps) {
      const auto further = V::set(w[R + kVector]);
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) {
        acc[v][0] = V::fma(x, weight, acc[v][0]);
        x = input(v + 1);
        acc[v][1] = V::fma(x, further, acc[v][1]);
      }
    } else {
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) {
        acc[v][0] = V::fma(x, weight, acc[v][0]);
        x = input(v + 1);
      }
    }
    add_block<V, S, NV, R + 1>(in, w, taps, acc);
  }
}

// Adds a row of any number of taps to NV vectors of outputs.
template <class V, int S, int NV>
__attribute__((always_inline)) inline void add_long_row(const float* x, int64_t begin, int64_t end,
                                                        const float* w, int64_t taps,
                                                        typename V::reg (&acc)[NV][2]) {
  for (int64_t at = 0; at < taps; at += 2 * S * V::lanes) {
    typename V::reg in[NV + 2][S];
    auto load = [=](int j) __attribute__((always_inline)) {
      return load_within<V>(x, at + j * V::lanes, begin, end);
    };
#pragma GCC unroll 16
    for (int j = 0; j < NV + 2; ++j) load_inputs<V, S>(load, j, in[j]);
    add_block<V, S, NV>(in, w + at, taps - at, acc);
  }
}

}  // namespace
}  // namespace convoy::kernels
