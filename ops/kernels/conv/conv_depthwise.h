// Kernels for a channel on its own. Included after conv_tile.h, under the same rules.
//
// A load that is not aligned costs as much as several products, and each input is wanted once for
// each tap. So vectors are loaded once, one after the other, and the inputs of the other taps are
// shifted out of two neighbours.
//
// V also has shift<R>(a, b) for 0 < R < lanes: lanes R .. R + lanes - 1 of a and b end to end.

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
__attribute__((always_inline)) inline void load_inputs(Load load, int j,
                                                       typename V::reg (&in)[S]) {
  if constexpr (S == 1)
    in[0] = load(j);
  else
    V::template split<1>(load(2 * j), load(2 * j + 1), in[0], in[1]);
}

// Adds K taps to NV vectors: to two sums of each in turn, as one would wait for itself.
template <class V, int S, int K, int NV, int R = 0>
__attribute__((always_inline)) inline void add_shifted(const typename V::reg (&in)[NV + 1][S],
                                                       const float* w,
                                                       typename V::reg (&acc)[NV][2]) {
  if constexpr (R < K) {
    const auto weight = V::set(w[R]);
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v)
      acc[v][R % 2] =
          V::fma(shifted<V, R / S>(in[v][R % S], in[v + 1][R % S]), weight, acc[v][R % 2]);
    add_shifted<V, S, K, NV, R + 1>(in, w, acc);
  }
}

// The same taps for two rows of outputs, that share the inputs but not the row of taps.
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

// The same for one of the two rows.
template <class V, int S, int K, int NV, int kRow, int R = 0>
__attribute__((always_inline)) inline void add_shifted_to(const typename V::reg (&in)[NV + 1][S],
                                                          const float* w,
                                                          typename V::reg (&acc)[NV][2]) {
  if constexpr (R < K) {
    const auto weight = V::set(w[R]);
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v)
      acc[v][kRow] =
          V::fma(shifted<V, R / S>(in[v][R % S], in[v + 1][R % S]), weight, acc[v][kRow]);
    add_shifted_to<V, S, K, NV, kRow, R + 1>(in, w, acc);
  }
}

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
    if (residual)
      value = V::add(value, is_short ? V::load_n(residual, count) : V::load(residual));
    if (clamp) value = V::min(high, V::max(low, value));
    if (is_short)
      V::store_n(y, value, count);
    else
      V::store(y, value);
  }
};

// Tiles of NV vectors of outputs from column `at` on, of all rows.
template <class V, int S, int K, int NV, bool kWhole>
__attribute__((noinline)) void depthwise_tiles(const DepthwiseRows& a, int64_t at, int64_t tiles) {
  using reg = typename V::reg;
  constexpr int64_t kWidth = NV * V::lanes;
  const DepthwiseStore<V> store(a);
  const auto bias = V::set(a.bias);
  const float* const weights = a.weights;
  const int64_t taps = K > 0 ? K : a.taps, tap_rows = a.tap_rows, rows = a.rows;
  const int64_t x_row = a.row_step * a.x_row, x_tap = a.row_apart * a.x_row;
  const int64_t y_row = a.y_row, residual_row = a.residual_row;
  const int64_t first_row = a.first_row, row_step = a.row_step;
  const int64_t row_apart = a.row_apart, row_count = a.row_count;
  const bool in_pairs = row_step == 1 && row_apart == 1 && tap_rows > 1;
  const float *x_tile = a.x + at * S, *residual_tile = a.residual ? a.residual + at : nullptr;
  float* y_tile = a.y + at;
  int64_t begin = a.begin - at * S, end = a.end - at * S;
  for (; tiles > 0; --tiles) {
    const DepthwiseInputs<V, S, NV, kWhole || K == 0> inputs(begin, end);
    auto load = [&](const float* from, reg(&in)[NV + 1][S]) __attribute__((always_inline)) {
      auto vector = [&](int j) __attribute__((always_inline)) { return inputs(from, j); };
#pragma GCC unroll 8
      for (int j = 0; j <= NV; ++j) load_inputs<V, S>(vector, j, in[j]);
    };
    const float *x = x_tile, *residual = residual_tile;
    float* y = y_tile;
    int64_t first = first_row;
    int64_t left = rows;
    if constexpr (K > 0) {
      for (; in_pairs && left > 1; left -= 2, first += 2, x += 2 * x_row, y += 2 * y_row) {
        reg acc[NV][2], in[NV + 1][S];
#pragma GCC unroll 8
        for (int v = 0; v < NV; ++v) acc[v][0] = acc[v][1] = bias;
        const float *w = weights, *from = x;
        auto there = [&](int64_t t) __attribute__((always_inline)) {
          return first + t >= 0 && first + t < row_count;
        };
        if (there(0)) {
          load(from, in);
          add_shifted_to<V, S, K, NV, 0>(in, w, acc);
        }
        for (int64_t t = 1; t < tap_rows; ++t) {
          from += x_tap, w += K;
          if (!there(t)) continue;
          load(from, in);
          add_shifted_pair<V, S, K, NV>(in, w, w - K, acc);
        }
        if (there(tap_rows)) {
          load(from + x_tap, in);
          add_shifted_to<V, S, K, NV, 1>(in, w, acc);
        }
#pragma GCC unroll 8
        for (int v = 0; v < NV; ++v) {
          const int64_t place = v * V::lanes, second = place + residual_row;
          store(acc[v][0], residual ? residual + place : nullptr, y + place);
          store(acc[v][1], residual ? residual + second : nullptr, y + y_row + place);
        }
        if (residual) residual += 2 * residual_row;
      }
    }
    for (; left > 0; --left, first += row_step, x += x_row, y += y_row) {
      reg acc[NV][2], in[NV + 1][S];
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) acc[v][0] = bias, acc[v][1] = V::zero();
      int64_t row = first;
      const float *w = weights, *from = x;
      for (int64_t t = 0; t < tap_rows; ++t, row += row_apart, from += x_tap, w += taps) {
        if (row < 0 || row >= row_count) continue;
        if constexpr (K > 0) {
          load(from, in);
          if (in_pairs)
            add_shifted_to<V, S, K, NV, 0>(in, w, acc);
          else
            add_shifted<V, S, K, NV>(in, w, acc);
        } else {
          add_long_row<V, S, NV>(from, begin, end, w, taps, acc);
        }
      }
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) {
        const int64_t place = v * V::lanes;
        store(V::add(acc[v][0], acc[v][1]), residual ? residual + place : nullptr, y + place);
      }
      if (residual) residual += residual_row;
    }
    x_tile += kWidth * S, y_tile += kWidth, begin -= kWidth * S, end -= kWidth * S;
    if (residual_tile) residual_tile += kWidth;
  }
}

// The same of the form that their inputs ask for.
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

// The last tile is moved back to end with the row. A lone one cannot be, so its last vector becomes
// a tile of its own.
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
    auto load = [&](int j) __attribute__((always_inline)) {
      return V::load(x + at * S + j * V::lanes);
    };
    load_inputs<V, S>(load, 0, in[0]);
    for (; at <= stop; at += V::lanes) {
      load_inputs<V, S>(load, 1, in[1]);
      put(at);
      for (int i = 0; i < S; ++i) in[0][i] = in[1][i];
    }
  }
  for (; at < outputs; at += V::lanes) put_end(at < last ? at : last);
}

template <class V, int S, int K>
void depthwise_lines(const DepthwiseRows& a) {
  const DepthwiseTaps<V, K> taps(a);
  const DepthwiseStore<V> store(a);
  const float *x = a.x, *residual = a.residual;
  float* y = a.y;
  int64_t row = a.first_row;
  for (int64_t left = a.rows; left > 0; --left, row += a.row_step) {
    const bool there = row >= 0 && row < a.row_count;
    depthwise_line<V, S, K>(taps, store, x, there ? a.begin : 0, there ? a.end : 0, residual, y,
                            a.outputs);
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
    case 3:
      return depthwise_of<V, S, 3>(a);
    case 5:
      return depthwise_of<V, S, 5>(a);
    case 7:
      return depthwise_of<V, S, 7>(a);
    default:
      return depthwise_rows<V, S, 0>(a);
  }
}

template <class V>
void depthwise(const DepthwiseRows& a) {
  if (a.outputs <= 0) return;
  if (a.stride == 2) return depthwise_by_taps<V, 2>(a);
  depthwise_by_taps<V, 1>(a);
}
