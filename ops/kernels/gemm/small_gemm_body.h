// The register tiles of small_gemm for a vector type V: zero, set, load, store, load_n, store_n,
// fma, lanes. Each file of an instruction set gets a copy of its own.
#pragma once

#include <cstdint>

#include "ops/kernels/gemm/small_gemm.h"

namespace convoy::kernels {
namespace {

// rows x (vectors * lanes) elements of Y; the last vector holds `last` lanes, all others are full.
template <class V, int rows, int vectors>
inline void gemm_tile(const SmallGemm& shape, const float* a, const float* b, const float* bias,
                      float* y, int64_t last) {
  using Reg = typename V::reg;
  constexpr int lanes = V::lanes;
  Reg sums[rows][vectors];
  for (int i = 0; i < rows; ++i) {
    for (int v = 0; v < vectors; ++v) sums[i][v] = V::zero();
  }
  for (int64_t p = 0; p < shape.k; ++p, b += shape.b_k) {
    Reg right[vectors];
    for (int v = 0; v < vectors - 1; ++v) right[v] = V::load(b + v * lanes);
    const float* end = b + (vectors - 1) * lanes;
    right[vectors - 1] = last == lanes ? V::load(end) : V::load_n(end, last);
    for (int i = 0; i < rows; ++i) {
      const Reg left = V::set(a[i * shape.a_m + p * shape.a_k]);
      for (int v = 0; v < vectors; ++v) sums[i][v] = V::fma(left, right[v], sums[i][v]);
    }
  }
  const Reg scale = V::set(shape.scale);
  for (int v = 0; v < vectors; ++v) {
    const bool full = v < vectors - 1 || last == lanes;
    Reg base = V::zero();
    if (bias) base = full ? V::load(bias + v * lanes) : V::load_n(bias + v * lanes, last);
    for (int i = 0; i < rows; ++i) {
      float* to = y + i * shape.y_m + v * lanes;
      const Reg value = V::fma(sums[i][v], scale, base);
      if (full) {
        V::store(to, value);
      } else {
        V::store_n(to, value, last);
      }
    }
  }
}

template <class V, int rows, int vectors>
inline void gemm_rows(const SmallGemm& shape, const float* a, const float* b, const float* bias,
                      float* y) {
  constexpr int64_t width = vectors * V::lanes;
  int64_t j = 0;
  for (; j + width <= shape.n; j += width) {
    gemm_tile<V, rows, vectors>(shape, a, b + j, bias ? bias + j : bias, y + j, V::lanes);
  }
  int64_t rest = shape.n - j;
  const float* rest_bias = bias ? bias + j : bias;
  if (vectors > 1 && rest > V::lanes) {
    gemm_tile<V, rows, 2>(shape, a, b + j, rest_bias, y + j, rest - V::lanes);
  } else if (rest > 0) {
    gemm_tile<V, rows, 1>(shape, a, b + j, rest_bias, y + j, rest);
  }
}

// With one row there is nothing to reuse of B but its cache lines: a wide tile.
template <class V>
inline void gemm_single_row(const SmallGemm& shape, const float* a, const float* b,
                            const float* bias, float* y) {
  constexpr int64_t width = 8 * V::lanes;
  int64_t j = 0;
  for (; j + width <= shape.n; j += width) {
    gemm_tile<V, 1, 8>(shape, a, b + j, bias ? bias + j : bias, y + j, V::lanes);
  }
  if (j == shape.n) return;
  SmallGemm rest = shape;
  rest.n = shape.n - j;
  gemm_rows<V, 1, 2>(rest, a, b + j, bias ? bias + j : bias, y + j);
}

template <class V>
void gemm(const SmallGemm& shape, const float* a, const float* b, const float* bias, float* y) {
  if (shape.m == 1) return gemm_single_row<V>(shape, a, b, bias, y);
  int64_t i = 0;
  auto at = [&](int64_t row) { return a + row * shape.a_m; };
  for (; i + 6 <= shape.m; i += 6) gemm_rows<V, 6, 2>(shape, at(i), b, bias, y + i * shape.y_m);
  switch (shape.m - i) {
    case 5: return gemm_rows<V, 5, 2>(shape, at(i), b, bias, y + i * shape.y_m);
    case 4: return gemm_rows<V, 4, 2>(shape, at(i), b, bias, y + i * shape.y_m);
    case 3: return gemm_rows<V, 3, 2>(shape, at(i), b, bias, y + i * shape.y_m);
    case 2: return gemm_rows<V, 2, 2>(shape, at(i), b, bias, y + i * shape.y_m);
    case 1: return gemm_rows<V, 1, 2>(shape, at(i), b, bias, y + i * shape.y_m);
    default: return;
  }
}

}  // namespace
}  // namespace convoy::kernels
