#include "ops/kernels/gemm/small_gemm.h"

#include "ops/kernels/gemm/register_tile.h"
#include "ops/kernels/simd/vector.h"
#include "ops/kernels/simd/vector_type.h"

namespace convoy::kernels {
namespace {

using namespace simd;

// rows x (vectors * lanes) elements of Y; the last vector holds `last` lanes, all others are full.
template <int rows, int vectors>
inline void gemm_tile(const SmallGemm& shape, const float* a, const float* b, const float* bias,
                      float* y, int64_t last) {
  const auto load_last = [last](const float* from) {
    return last == kLanes ? load(from) : load_partial(from, last);
  };
  Floats sums[rows][vectors] = {};
  add_products<Vector>(
      sums, 0, shape.k, [&](int i, int64_t p) { return a[i * shape.a_m + p * shape.a_k]; },
      [&](int64_t p, int v) {
        const float* from = b + p * shape.b_k + v * kLanes;
        return v < vectors - 1 ? load(from) : load_last(from);
      });
  const Floats scale = splat(shape.scale);
  for (int v = 0; v < vectors; ++v) {
    const bool full = v < vectors - 1 || last == kLanes;
    Floats base = {};
    if (bias) base = full ? load(bias + v * kLanes) : load_partial(bias + v * kLanes, last);
    for (int i = 0; i < rows; ++i) {
      float* to = y + i * shape.y_m + v * kLanes;
      const Floats value = multiply_add(sums[i][v], scale, base);
      if (full) {
        store(to, value);
      } else {
        store_partial(to, value, last);
      }
    }
  }
}

template <int rows, int vectors>
inline void gemm_rows(const SmallGemm& shape, const float* a, const float* b, const float* bias,
                      float* y) {
  constexpr int64_t width = vectors * kLanes;
  int64_t j = 0;
  for (; j + width <= shape.n; j += width) {
    gemm_tile<rows, vectors>(shape, a, b + j, bias ? bias + j : bias, y + j, kLanes);
  }
  int64_t rest = shape.n - j;
  const float* rest_bias = bias ? bias + j : bias;
  if (vectors > 1 && rest > kLanes) {
    gemm_tile<rows, 2>(shape, a, b + j, rest_bias, y + j, rest - kLanes);
  } else if (rest > 0) {
    gemm_tile<rows, 1>(shape, a, b + j, rest_bias, y + j, rest);
  }
}

// With one row there is nothing to reuse of B but its cache lines: a wide tile.
inline void gemm_single_row(const SmallGemm& shape, const float* a, const float* b,
                            const float* bias, float* y) {
  constexpr int64_t width = 8 * kLanes;
  int64_t j = 0;
  for (; j + width <= shape.n; j += width) {
    gemm_tile<1, 8>(shape, a, b + j, bias ? bias + j : bias, y + j, kLanes);
  }
  if (j == shape.n) return;
  SmallGemm rest = shape;
  rest.n = shape.n - j;
  gemm_rows<1, 2>(rest, a, b + j, bias ? bias + j : bias, y + j);
}

}  // namespace

void CONVOY_PER_ISA(small_gemm)(const SmallGemm& shape, const float* a, const float* b,
                                const float* bias, float* y) {
  if (shape.m == 1) return gemm_single_row(shape, a, b, bias, y);
  int64_t i = 0;
  auto at = [&](int64_t row) { return a + row * shape.a_m; };
  for (; i + 6 <= shape.m; i += 6) gemm_rows<6, 2>(shape, at(i), b, bias, y + i * shape.y_m);
  switch (shape.m - i) {
    case 5: return gemm_rows<5, 2>(shape, at(i), b, bias, y + i * shape.y_m);
    case 4: return gemm_rows<4, 2>(shape, at(i), b, bias, y + i * shape.y_m);
    case 3: return gemm_rows<3, 2>(shape, at(i), b, bias, y + i * shape.y_m);
    case 2: return gemm_rows<2, 2>(shape, at(i), b, bias, y + i * shape.y_m);
    case 1: return gemm_rows<1, 2>(shape, at(i), b, bias, y + i * shape.y_m);
    default: return;
  }
}

}  // namespace convoy::kernels
