#include <cstdint>
#include <cstring>

#include "ops/kernels/conv/conv_channels.h"
#include "ops/kernels/conv/conv_depthwise.h"
#include "ops/kernels/conv/conv_depthwise_sums.h"
#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/conv_tile.h"
#include "ops/kernels/conv/conv_winograd.h"
#include "ops/kernels/conv/conv_winograd_pixels.h"
#include "tests/ops/kernels/conv/reference_conv.h"

namespace convoy::kernels {

namespace {

// GCC splits operations on it into those that the machine has; a struct with loops over its lanes
// takes minutes to compile.
using Wide = float __attribute__((vector_size(64)));

struct WideVector {
  using reg = Wide;
  static constexpr int lanes = 16;
  static reg zero() { return reg{}; }
  static reg set(float x) { return x - reg{}; }
  static reg load(const float* p) { return load_n(p, 16); }
  static void store(float* p, reg x) { store_n(p, x, 16); }
  static reg load_n(const float* p, int64_t n) {
    reg x{};
    std::memcpy(&x, p, static_cast<size_t>(n) * sizeof(float));
    return x;
  }
  struct lane_mask {
    int64_t begin, end;
  };
  static lane_mask between(int64_t begin, int64_t end) { return {begin, end}; }
  static reg load_masked(const float* p, lane_mask m) {
    float lanes[16] = {};
    for (int64_t i = m.begin; i < m.end; ++i) lanes[i] = p[i];
    return load_n(lanes, 16);
  }
  static void store_n(float* p, reg x, int64_t n) {
    std::memcpy(p, &x, static_cast<size_t>(n) * sizeof(float));
  }
  static void add_product(reg& sum, reg a, reg b) { sum = fma(a, b, sum); }
  static reg fma(reg a, reg b, reg c) { return a * b + c; }
  static reg add(reg a, reg b) { return a + b; }
  static reg sub(reg a, reg b) { return a - b; }
  static reg mul(reg a, reg b) { return a * b; }
  static reg min(reg a, reg b) { return select_less(a, b, a, b); }
  static reg max(reg a, reg b) { return select_less(b, a, a, b); }
  static reg select_less(reg a, reg b, reg c, reg d) { return a < b ? c : d; }
  template <int R>
  static reg shift(reg a, reg b) {
    reg x;
    for (int i = 0; i < lanes; ++i) x[i] = i + R < lanes ? a[i + R] : b[i + R - lanes];
    return x;
  }
  template <int D>
  static void split(reg low, reg high, reg& even, reg& odd) {
    for (int i = 0; i < lanes; ++i) {
      const int from = i / D * 2 * D + i % D;
      even[i] = from < lanes ? low[from] : high[from - lanes];
      odd[i] = from + D < lanes ? low[from + D] : high[from + D - lanes];
    }
  }
  template <int D>
  static void deal(reg low, reg high, reg& even, reg& odd) {
    split<D>(low, high, even, odd);
  }
  template <int D>
  static void collect(reg even, reg odd, reg& low, reg& high) {
    for (int i = 0; i < lanes; ++i) {
      const int to = i / D * 2 * D + i % D;
      (to < lanes ? low[to] : high[to - lanes]) = even[i];
      (to + D < lanes ? low[to + D] : high[to + D - lanes]) = odd[i];
    }
  }
  static void transpose(reg (&r)[lanes]) {
    for (int i = 0; i < lanes; ++i)
      for (int j = 0; j < i; ++j) {
        const float swapped = r[i][j];
        r[i][j] = r[j][i];
        r[j][i] = swapped;
      }
  }
};

constexpr ConvKernels make_kernels() {
  ConvKernels result = kernels_of<WideVector>(activate_row_generic);
  add_tiles<WideVector, 8, 3>(result);
  add_tiles<WideVector, 7, 3>(result);
  add_tiles<WideVector, 6, 4>(result);
  add_tiles<WideVector, 5, 5>(result);
  add_tiles<WideVector, 4, 6>(result);
  add_tiles<WideVector, 3, 8>(result);
  add_tiles<WideVector, 2, 8>(result);
  add_tiles<WideVector, 1, 8>(result);
  add_channels<WideVector, 1, 14>(result);
  add_channels<WideVector, 2, 12>(result);
  add_channels<WideVector, 3, 8>(result);
  result.store_channels = store_channels<WideVector>;
  result.store_pixels = store_pixels<WideVector>;
  result.depthwise = depthwise<WideVector>;
  add_winograd<WideVector>(result);
  add_winograd_pixels<WideVector, 6>(result);
  return result;
}

constexpr ConvKernels kKernels = make_kernels();

}  // namespace

const ConvKernels& emulated_conv_kernels() { return kKernels; }

}  // namespace convoy::kernels
