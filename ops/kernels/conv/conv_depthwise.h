// Kernels for a channel on its own. Included after conv_tile.h, under the same rules.

// Adds the taps w[0], w[lanes], ... (Q of them): outputs that lie whole vectors apart share the
// vectors that they load.
template <class V, int NV, int Q>
__attribute__((always_inline)) inline void add_taps(typename V::reg (&acc)[1][NV], const float* x,
                                                    const float* w) {
  typename V::reg weight[Q];
#pragma GCC unroll 8
  for (int q = 0; q < Q; ++q) weight[q] = V::set(w[q * V::lanes]);
#pragma GCC unroll 16
  for (int j = 0; j < NV + Q - 1; ++j) {
    const auto in = V::load(x + j * V::lanes);
#pragma GCC unroll 8
    for (int q = 0; q < Q; ++q)
      if (j - q >= 0 && j - q < NV) acc[0][j - q] = V::fma(in, weight[q], acc[0][j - q]);
  }
}

template <class V, int NV>
void depthwise_tile(const ConvTile& a, int64_t row, int64_t at) {
  const int64_t taps = a.taps;
  constexpr int kLanes = V::lanes;
  typename V::reg acc[1][NV];
  const auto bias = a.bias ? V::set(a.bias[0]) : V::zero();
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) acc[0][v] = bias;
  const float* w = a.weights;
  for (int64_t t = 0; t < a.terms; t += taps, w += taps) {
    const float* const x = a.x + row * a.x_row + a.offsets[t] + at;
    int64_t k = 0;
    for (; taps - k > kLanes; k += 4 * kLanes) {
      const int64_t last = taps - k < 4 * kLanes ? taps - k : 4 * kLanes;
      for (int64_t r = 0; r < kLanes; ++r) {
        const int64_t q = (last - r + kLanes - 1) / kLanes;
        if (q == 4)
          add_taps<V, NV, 4>(acc, x + k + r, w + k + r);
        else if (q == 3)
          add_taps<V, NV, 3>(acc, x + k + r, w + k + r);
        else if (q == 2)
          add_taps<V, NV, 2>(acc, x + k + r, w + k + r);
        else
          add_taps<V, NV, 1>(acc, x + k + r, w + k + r);
      }
    }
    for (; k < taps; ++k) add_taps<V, NV, 1>(acc, x + k, w + k);
  }
  store_tile<V, 1, NV>(tile_row(a, 0, row, at), a.limit, (NV - 1) * V::lanes, acc);
}

template <class V, int NV>
void depthwise_step(const ConvTile& a, int64_t nv, int64_t row, int64_t at) {
  if constexpr (NV > 1)
    if (nv < NV) return depthwise_step<V, NV - 1>(a, nv, row, at);
  depthwise_tile<V, NV>(a, row, at);
}

template <class V>
void depthwise_rows(const ConvTile& a) {
  constexpr int kLanes = V::lanes;
  const int64_t vectors = (a.limit + kLanes - 1) / kLanes;
  int64_t tiles = (vectors + 7) / 8;
  // A lone tile cannot be moved back, so its last vector becomes a tile of its own.
  if (tiles == 1 && vectors > 1 && a.limit < vectors * kLanes) tiles = 2;
  const int64_t narrow = vectors / tiles, wide = vectors % tiles;
  for (int64_t row = 0; row < a.rows; ++row)
    for (int64_t i = 0, at = 0; i < tiles; ++i) {
      const int64_t nv = narrow + (i < wide);
      if (i == tiles - 1 && vectors > 1) at = a.limit - nv * kLanes;
      depthwise_step<V, 8>(a, nv, row, at);
      at += nv * kLanes;
    }
}

// What stays in registers along the rows of a channel, and what its outputs go through.
template <class V, int T, int K>
struct Window {
  typename V::reg weight[T * K];
  typename V::reg bias, low, high;
};

template <class V, int T, int K>
__attribute__((always_inline)) inline Window<V, T, K> window_of(const ConvTile& a) {
  Window<V, T, K> window;
#pragma GCC unroll 16
  for (int i = 0; i < T * K; ++i) window.weight[i] = V::set(a.weights[i]);
  window.bias = a.bias ? V::set(a.bias[0]) : V::zero();
  window.low = V::set(a.low);
  window.high = V::set(a.high);
  return window;
}

// NV vectors of outputs from y on, the last of them `tail` further on than the first.
template <class V, int T, int K, int NV>
__attribute__((always_inline)) inline void window_tile(const Window<V, T, K>& window, bool clamp,
                                                       const float* const* x, int64_t at,
                                                       int64_t tail, const float* residual,
                                                       float* y) {
  typename V::reg acc[NV];
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) acc[v] = window.bias;
#pragma GCC unroll 8
  for (int t = 0; t < T; ++t)
#pragma GCC unroll 16
    for (int k = 0; k < K; ++k)
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) {
        const float* p = x[t] + at + (v == NV - 1 ? tail : v * V::lanes) + k;
        acc[v] = V::fma(V::load(p), window.weight[t * K + k], acc[v]);
      }
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) {
    const int64_t place = at + (v == NV - 1 ? tail : v * V::lanes);
    if (residual) acc[v] = V::add(acc[v], V::load(residual + place));
    if (clamp) acc[v] = V::min(window.high, V::max(window.low, acc[v]));
    V::store(y + place, acc[v]);
  }
}

// Outputs at .. end - 1 of a row; the last vector is moved back to end there, if need be before at.
template <class V, int T, int K>
__attribute__((always_inline)) inline void window_span(const Window<V, T, K>& window, bool clamp,
                                                       const float* const* x, int64_t at,
                                                       int64_t end, const float* residual,
                                                       float* y) {
  constexpr int64_t kStep = 2 * V::lanes;
  for (; at + kStep <= end; at += kStep)
    window_tile<V, T, K, 2>(window, clamp, x, at, V::lanes, residual, y);
  if (at + V::lanes < end)
    window_tile<V, T, K, 2>(window, clamp, x, at, end - V::lanes - at, residual, y);
  else if (at < end)
    window_tile<V, T, K, 1>(window, clamp, x, at, end - V::lanes - at, residual, y);
}

// A window of T rows of K taps, its weights in registers.
template <class V, int T, int K>
void window_rows(const ConvTile& a) {
  if (a.limit < V::lanes) return depthwise_rows<V>(a);
  const Window<V, T, K> window = window_of<V, T, K>(a);
  for (int64_t row = 0; row < a.rows; ++row) {
    const float* x[T];
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) x[t] = a.x + row * a.x_row + a.offsets[t * K];
    const float* residual = a.residual ? a.residual + row * a.residual_row : nullptr;
    window_span<V, T, K>(window, a.clamp, x, 0, a.limit, residual, a.y + row * a.y_row);
  }
}

// As ConvKernels::padded_row.
template <class V, int K>
void padded_row(const ConvTile& a, const float* head, const float* foot) {
  const Window<V, 1, K> window = window_of<V, 1, K>(a);
  const bool clamp = a.clamp;
  const float* const residual = a.residual;
  float* const y = a.y;
  const int64_t last = a.limit - V::lanes;
  int64_t begin = 0, end = a.limit;
  if (foot) {
    const float* from = foot - last;
    window_tile<V, 1, K, 1>(window, clamp, &from, last, 0, residual, y);
    end = last;
  }
  if (head) {
    window_tile<V, 1, K, 1>(window, clamp, &head, 0, 0, residual, y);
    begin = V::lanes;
  }
  const float* x = a.x + a.offsets[0];
  window_span<V, 1, K>(window, clamp, &x, begin, end, residual, y);
}

template <class V>
void depthwise(const ConvTile& a) {
  if (a.terms == a.taps) {
    switch (a.taps) {
      case 2:
        return window_rows<V, 1, 2>(a);
      case 3:
        return window_rows<V, 1, 3>(a);
      case 4:
        return window_rows<V, 1, 4>(a);
      case 5:
        return window_rows<V, 1, 5>(a);
      case 6:
        return window_rows<V, 1, 6>(a);
      case 7:
        return window_rows<V, 1, 7>(a);
      case 8:
        return window_rows<V, 1, 8>(a);
      case 9:
        return window_rows<V, 1, 9>(a);
    }
  }
  if (a.terms == 9 && a.taps == 3) return window_rows<V, 3, 3>(a);
  depthwise_rows<V>(a);
}

template <class V>
constexpr void add_depthwise(ConvKernels& kernels) {
  kernels.depthwise = depthwise<V>;
  kernels.padded_row[2] = padded_row<V, 2>;
  kernels.padded_row[3] = padded_row<V, 3>;
  kernels.padded_row[4] = padded_row<V, 4>;
  kernels.padded_row[5] = padded_row<V, 5>;
  kernels.padded_row[6] = padded_row<V, 6>;
  kernels.padded_row[7] = padded_row<V, 7>;
  kernels.padded_row[8] = padded_row<V, 8>;
  kernels.padded_row[9] = padded_row<V, 9>;
}
