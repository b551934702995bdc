// A vector type for conv_tile.h from the compiler's own vectors: any number of lanes, any
// processor. Reg and Bits are vectors of kLanes floats and ints.
#pragma once

#include <cstdint>

namespace convoy::kernels {
namespace {

template <class Reg, class Bits, int kLanes>
struct PortableVector {
  using reg = Reg;
  using bits = Bits;
  static constexpr int lanes = kLanes;
  static reg zero() { return reg{}; }
  static reg set(float x) { return x - reg{}; }
  static reg load(const float* p) {
    reg x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
  }
  static void store(float* p, reg x) { __builtin_memcpy(p, &x, sizeof x); }
  static reg load_n(const float* p, int64_t n) {
    reg x = {};
    for (int64_t i = 0; i < n; ++i) x[i] = p[i];
    return x;
  }
  struct lane_mask {
    int64_t begin, end;
  };
  static lane_mask between(int64_t begin, int64_t end) { return {begin, end}; }
  static reg load_masked(const float* p, lane_mask m) {
    reg x = {};
    for (int64_t i = m.begin; i < m.end; ++i) x[i] = p[i];
    return x;
  }
  static void store_n(float* p, reg x, int64_t n) {
    for (int64_t i = 0; i < n; ++i) p[i] = x[i];
  }
  static void add_product(reg& sum, reg a, reg b) { sum = fma(a, b, sum); }
  static reg fma(reg a, reg b, reg c) { return a * b + c; }
  static reg add(reg a, reg b) { return a + b; }
  static reg sub(reg a, reg b) { return a - b; }
  static reg mul(reg a, reg b) { return a * b; }
  static reg select_less(reg a, reg b, reg c, reg d) {
    const bits less = a < b;
    return (reg)(((bits)c & less) | ((bits)d & ~less));
  }
  static reg min(reg a, reg b) { return select_less(a, b, a, b); }
  static reg max(reg a, reg b) { return select_less(b, a, a, b); }
  template <int R>
  static reg shift(reg a, reg b) {
    reg x;
    for (int i = 0; i < kLanes; ++i) x[i] = i + R < kLanes ? a[i + R] : b[i + R - kLanes];
    return x;
  }
  template <int D>
  static void split(reg low, reg high, reg& even, reg& odd) {
    for (int i = 0; i < kLanes; ++i) {
      const int from = i / D * 2 * D + i % D;
      even[i] = from < kLanes ? low[from] : high[from - kLanes];
      odd[i] = from + D < kLanes ? low[from + D] : high[from + D - kLanes];
    }
  }
  template <int D>
  static void deal(reg low, reg high, reg& even, reg& odd) {
    split<D>(low, high, even, odd);
  }
  template <int D>
  static void collect(reg even, reg odd, reg& low, reg& high) {
    for (int i = 0; i < kLanes; ++i) {
      const int to = i / D * 2 * D + i % D;
      (to < kLanes ? low[to] : high[to - kLanes]) = even[i];
      (to + D < kLanes ? low[to + D] : high[to + D - kLanes]) = odd[i];
    }
  }
  static void transpose(reg (&r)[kLanes]) {
    for (int i = 0; i < kLanes; ++i)
      for (int j = 0; j < i; ++j) {
        const float swapped = r[i][j];
        r[i][j] = r[j][i];
        r[j][i] = swapped;
      }
  }
};

}  // namespace
}  // namespace convoy::kernels
