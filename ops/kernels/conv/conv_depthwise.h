// Kernels for a channel on its own. The rules are those of conv_tile.h.
#pragma once

#include <cstdint>

#include "ops/kernels/conv/conv_depthwise_sums.h"
#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/conv_tile.h"

namespace convoy::kernels {
namespace {

// Outputs of one vector, or the first `count` < lanes of them, on their way to y.
template <class V>
struct DepthwiseStore {
  typename V::reg low, high;
  bool clamp, is_short;
  int64_t count;

  explicit DepthwiseStore(const DepthwiseRows& a)
      : low(V::set(a.low)),
        high(V::set(a.high)),
        clamp(a.clamp),
        is_short(a.outputs < V::lanes),
        count(a.outputs) {}

  __attribute__((always_inline)) void operator()(typename V::reg value, const float* residual,
                                                 float* y) const {
    if (residual) value = V::add(value, is_short ? V::load_n(residual, count) : V::load(residual));
    if (clamp) value = V::min(high, V::max(low, value));
    if (is_short)
      V::store_n(y, value, count);
    else
      V::store(y, value);
  }
};

// Which of the inputs of NV vectors of outputs there are: all, or those of the masks.
template <class V, int S, int NV, bool kWhole>
struct DepthwiseInputs {
  typename V::lane_mask there[kWhole ? 1 : (NV + 1) * S];

  // Of inputs x[0], x[1], ... those from begin to end - 1.
  DepthwiseInputs(int64_t begin, int64_t end) {
    if constexpr (!kWhole)
#pragma GCC unroll 16
      for (int j = 0; j < (NV + 1) * S; ++j) there[j] = lanes_within<V>(j * V::lanes, begin, end);
  }

  __attribute__((always_inline)) typename V::reg operator()(const float* x, int j) const {
    const float* const from = x + j * V::lanes;
    return kWhole ? V::load(from) : V::load_masked(from, there[kWhole ? 0 : j]);
  }
};

// NV vectors of outputs from column `at` on, or fewer than a vector, of all rows.
template <class V, int S, int K, int NV, bool kWhole>
class DepthwiseTile {
 public:
  DepthwiseTile(const DepthwiseRows& a, int64_t at)
      : store_(a),
        begin_(a.begin - at * S),
        end_(a.end - at * S),
        inputs_(begin_, end_),
        bias_(V::set(a.bias)),
        weights_(a.weights),
        taps_(K > 0 ? K : a.taps),
        tap_rows_(a.tap_rows),
        row_apart_(a.row_apart),
        row_count_(a.row_count),
        x_tap_(a.row_apart * a.x_row) {}

  // Every output adds up its taps in an order that does not depend on how the work is cut into
  // tasks: a row may be one of a pair or alone, and a part of a line less than a vector.
  void run(const DepthwiseRows& a, int64_t at) {
    const int64_t step = a.row_step, x_row = step * a.x_row, y_row = a.y_row;
    const int64_t residual_row = a.residual_row;
    const float *x = a.x + at * S, *residual = a.residual ? a.residual + at : nullptr;
    float* y = a.y + at;
    int64_t row = a.first_row, left = a.rows;
    const bool in_pairs = K > 0 && step == 1 && row_apart_ == 1 && tap_rows_ > 1;
    const bool in_order = in_pairs || (K > 0 && tap_rows_ == 1);
    if constexpr (K > 0)
      for (; in_pairs && left > 1; left -= 2, row += 2, x += 2 * x_row, y += 2 * y_row) {
        pair(row, x, residual, residual_row, y, y_row);
        if (residual) residual += 2 * residual_row;
      }
    for (; left > 0; --left, row += step, x += x_row, y += y_row) {
      single(row, x, in_order, residual, y);
      if (residual) residual += residual_row;
    }
  }

 private:
  using reg = typename V::reg;

  __attribute__((always_inline)) void load(const float* x, reg (&in)[NV + 1][S]) const {
    auto vector = [&](int j) __attribute__((always_inline)) { return inputs_(x, j); };
#pragma GCC unroll 8
    for (int j = 0; j <= NV; ++j) load_inputs<V, S>(vector, j, in[j]);
  }

  __attribute__((always_inline)) bool is_there(int64_t row) const {
    return row >= 0 && row < row_count_;
  }

  // Two rows of outputs whose windows lie one row apart.
  __attribute__((always_inline)) void pair(int64_t row, const float* x, const float* residual,
                                           int64_t residual_row, float* y, int64_t y_row) const {
    reg acc[NV][2], in[NV + 1][S];
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) acc[v][0] = acc[v][1] = bias_;
    const float* w = weights_;
    if (is_there(row)) {
      load(x, in);
      add_shifted<V, S, K, 0, NV>(in, w, acc);
    }
    for (int64_t t = 1; t < tap_rows_; ++t) {
      x += x_tap_, w += K;
      if (!is_there(row + t)) continue;
      load(x, in);
      add_shifted_pair<V, S, K, NV>(in, w, w - K, acc);
    }
    if (is_there(row + tap_rows_)) {
      load(x + x_tap_, in);
      add_shifted<V, S, K, 1, NV>(in, w, acc);
    }
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) {
      const int64_t place = v * V::lanes, second = place + residual_row;
      store_(acc[v][0], residual ? residual + place : nullptr, y + place);
      store_(acc[v][1], residual ? residual + second : nullptr, y + y_row + place);
    }
  }

  // One row; in the order of a pair or a line, or by two sums, where -0 changes nothing.
  __attribute__((always_inline)) void single(int64_t row, const float* x, bool in_order,
                                             const float* residual, float* y) const {
    reg acc[NV][2], in[NV + 1][S];
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) acc[v][0] = bias_, acc[v][1] = V::set(-0.0f);
    const float* w = weights_;
    for (int64_t t = 0; t < tap_rows_; ++t, row += row_apart_, x += x_tap_, w += taps_) {
      if (!is_there(row)) continue;
      if constexpr (K == 0) {
        add_long_row<V, S, NV>(x, begin_, end_, w, taps_, acc);
      } else {
        load(x, in);
        if (in_order)
          add_shifted<V, S, K, 0, NV>(in, w, acc);
        else
          add_shifted<V, S, K, 2, NV>(in, w, acc);
      }
    }
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) {
      const int64_t place = v * V::lanes;
      store_(V::add(acc[v][0], acc[v][1]), residual ? residual + place : nullptr, y + place);
    }
  }

  const DepthwiseStore<V> store_;
  const int64_t begin_, end_;
  const DepthwiseInputs<V, S, NV, kWhole || K == 0> inputs_;
  const reg bias_;
  const float* const weights_;
  const int64_t taps_, tap_rows_, row_apart_, row_count_, x_tap_;
};

template <class V, int S, int K, int NV, bool kWhole>
__attribute__((noinline)) void depthwise_tiles(const DepthwiseRows& a, int64_t at, int64_t tiles) {
  for (; tiles > 0; --tiles, at += NV * V::lanes)
    DepthwiseTile<V, S, K, NV, kWhole>(a, at).run(a, at);
}

// Tiles of so many vectors, in the form that their inputs ask for.
template <class V, int S, int K, int NV>
void depthwise_group(const DepthwiseRows& a, int64_t vectors, int64_t at, int64_t tiles) {
  if constexpr (NV > 1)
    if (vectors < NV) return depthwise_group<V, S, K, NV - 1>(a, vectors, at, tiles);
  if (tiles <= 0) return;
  if constexpr (K == 0) return depthwise_tiles<V, S, K, NV, false>(a, at, tiles);
  constexpr int64_t kWidth = NV * V::lanes;
  const int64_t last = a.end - S * V::lanes * (NV + 1);
  while (tiles > 0) {
    const bool whole = at * S >= a.begin && at * S <= last;
    int64_t alike = 1;
    if (whole) alike += (last - at * S) / (kWidth * S);
    if (alike > tiles) alike = tiles;
    if (whole)
      depthwise_tiles<V, S, K, NV, true>(a, at, alike);
    else
      depthwise_tiles<V, S, K, NV, false>(a, at, alike);
    at += alike * kWidth, tiles -= alike;
  }
}

// The last tile is moved back to end with the row. A lone one cannot be, so it is made two.
template <class V, int S, int K>
void depthwise_rows(const DepthwiseRows& a) {
  // As many as leave registers for their inputs.
  constexpr int kMost = V::lanes < 16 ? 3 : K > 0 || S > 1 ? 4 : 7;
  constexpr int kLanes = V::lanes;
  const int64_t vectors = (a.outputs + kLanes - 1) / kLanes;
  int64_t tiles = (vectors + kMost - 1) / kMost;
  if (tiles == 1 && vectors > 1 && a.outputs < vectors * kLanes) tiles = 2;
  const int64_t narrow = vectors / tiles, wide = vectors % tiles;
  const int64_t even = a.outputs % kLanes == 0 || vectors == 1 ? tiles : tiles - 1;
  depthwise_group<V, S, K, kMost>(a, narrow + 1, 0, wide);
  depthwise_group<V, S, K, kMost>(a, narrow, wide * (narrow + 1) * kLanes, even - wide);
  depthwise_group<V, S, K, kMost>(a, narrow, a.outputs - narrow * kLanes, tiles - even);
}

// What stays in registers along the rows of a channel that has one row of taps.
template <class V, int K>
struct DepthwiseTaps {
  typename V::reg weight[K], bias;

  explicit DepthwiseTaps(const DepthwiseRows& a) : bias(V::set(a.bias)) {
#pragma GCC unroll 16
    for (int k = 0; k < K; ++k) weight[k] = V::set(a.weights[k]);
  }
};

// A vector of outputs, whose inputs begin with those in[0] and go on in in[1].
template <class V, int S, int K, int R = 0>
__attribute__((always_inline)) inline typename V::reg sum_taps(const DepthwiseTaps<V, K>& taps,
                                                               const typename V::reg (&in)[2][S],
                                                               typename V::reg sum) {
  if constexpr (R < K) {
    sum = V::fma(shifted<V, R / S>(in[0][R % S], in[1][R % S]), taps.weight[R], sum);
    return sum_taps<V, S, K, R + 1>(taps, in, sum);
  }
  return sum;
}

// One row of outputs, at least a vector of them; of the inputs x[begin] .. x[end - 1] are there.
template <class V, int S, int K>
__attribute__((always_inline)) inline void depthwise_line(const DepthwiseTaps<V, K>& taps,
                                                          const DepthwiseStore<V>& store,
                                                          const float* x, int64_t begin,
                                                          int64_t end, const float* residual,
                                                          float* y, int64_t outputs) {
  constexpr int64_t kVector = S * V::lanes;
  typename V::reg in[2][S];
  auto put = [&](int64_t at) __attribute__((always_inline)) {
    store(sum_taps<V, S, K>(taps, in, taps.bias), residual ? residual + at : nullptr, y + at);
  };
  auto put_end = [&](int64_t at) __attribute__((always_inline)) {
    auto load = [=](int j) __attribute__((always_inline)) {
      return load_within<V>(x, at * S + j * V::lanes, begin, end);
    };
    load_inputs<V, S>(load, 0, in[0]);
    load_inputs<V, S>(load, 1, in[1]);
    put(at);
  };
  const int64_t last = outputs - V::lanes;
  const int64_t last_whole = end < 2 * kVector ? -1 : (end - 2 * kVector) / S;
  const int64_t stop = last < last_whole ? last : last_whole;
  int64_t at = 0;
  for (; at < last && at * S < begin; at += V::lanes) put_end(at);
  if (at <= stop && at * S >= begin) {
    auto load = [&](int j)
                    __attribute__((always_inline)) { return V::load(x + at * S + j * V::lanes); };
    load_inputs<V, S>(load, 0, in[0]);
    for (; at <= stop; at += V::lanes) {
      load_inputs<V, S>(load, 1, in[1]);
      put(at);
      for (int i = 0; i < S; ++i) in[0][i] = in[1][i];
    }
  }
  for (; at < outputs; at += V::lanes) put_end(at < last ? at : last);
}

// A row of outputs that reads nothing but padding, at least a vector of them.
template <class V>
void bias_line(typename V::reg bias, const DepthwiseStore<V>& store, const float* residual,
               float* y, int64_t outputs) {
  const int64_t last = outputs - V::lanes;
  for (int64_t next = 0; next < outputs; next += V::lanes) {
    const int64_t at = next < last ? next : last;
    store(bias, residual ? residual + at : nullptr, y + at);
  }
}

template <class V, int S, int K>
void depthwise_lines(const DepthwiseRows& a) {
  const DepthwiseTaps<V, K> taps(a);
  const DepthwiseStore<V> store(a);
  const float *x = a.x, *residual = a.residual;
  float* y = a.y;
  int64_t row = a.first_row;
  for (int64_t left = a.rows; left > 0; --left, row += a.row_step) {
    if (row >= 0 && row < a.row_count)
      depthwise_line<V, S, K>(taps, store, x, a.begin, a.end, residual, y, a.outputs);
    else
      bias_line<V>(taps.bias, store, residual, y, a.outputs);
    x += a.row_step * a.x_row, y += a.y_row;
    if (residual) residual += a.residual_row;
  }
}

template <class V, int S, int K>
void depthwise_of(const DepthwiseRows& a) {
  if constexpr (K > S * V::lanes)
    depthwise_rows<V, S, 0>(a);
  else if (a.tap_rows == 1 && a.outputs >= V::lanes)
    depthwise_lines<V, S, K>(a);
  else
    depthwise_rows<V, S, K>(a);
}

template <class V, int S>
void depthwise_by_taps(const DepthwiseRows& a) {
  switch (a.taps) {
    case 3: return depthwise_of<V, S, 3>(a);
    case 5: return depthwise_of<V, S, 5>(a);
    case 7: return depthwise_of<V, S, 7>(a);
    default: return depthwise_rows<V, S, 0>(a);
  }
}

template <class V>
void depthwise(const DepthwiseRows& a) {
  if (a.outputs <= 0) return;
  if (a.stride == 2) return depthwise_by_taps<V, 2>(a);
  depthwise_by_taps<V, 1>(a);
}

}  // namespace
}  // namespace convoy::kernels
