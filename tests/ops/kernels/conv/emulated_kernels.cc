#include <cmath>
#include <cstdint>

#include "ops/kernels/conv/conv_kernels.h"
#include "tests/ops/kernels/conv/reference_conv.h"

namespace convoy::kernels {

namespace {

struct Wide {
  float lane[16];
};

template <class Operation>
Wide each(Operation operation) {
  Wide x;
  for (int i = 0; i < 16; ++i) x.lane[i] = operation(i);
  return x;
}

struct WideVector {
  using reg = Wide;
  static constexpr int lanes = 16;
  static constexpr int registers = 32;
  static reg zero() { return reg{}; }
  static reg set(float x) {
    return each([&](int) { return x; });
  }
  static reg load(const float* p) { return load_n(p, 16); }
  static void store(float* p, reg x) { store_n(p, x, 16); }
  static reg load_n(const float* p, int64_t n) {
    return each([&](int i) { return i < n ? p[i] : 0.0f; });
  }
  static void store_n(float* p, reg x, int64_t n) {
    for (int64_t i = 0; i < n; ++i) p[i] = x.lane[i];
  }
  static reg fma(reg a, reg b, reg c) {
    return each([&](int i) { return a.lane[i] * b.lane[i] + c.lane[i]; });
  }
  static reg add(reg a, reg b) {
    return each([&](int i) { return a.lane[i] + b.lane[i]; });
  }
  static reg sub(reg a, reg b) {
    return each([&](int i) { return a.lane[i] - b.lane[i]; });
  }
  static reg mul(reg a, reg b) {
    return each([&](int i) { return a.lane[i] * b.lane[i]; });
  }
  static reg div(reg a, reg b) {
    return each([&](int i) { return a.lane[i] / b.lane[i]; });
  }
  static reg min(reg a, reg b) { return select_less(a, b, a, b); }
  static reg max(reg a, reg b) { return select_less(b, a, a, b); }
  static reg round(reg x) {
    return each([&](int i) { return std::nearbyint(x.lane[i]); });
  }
  static reg pow2(reg n) {
    return each([&](int i) { return std::isnan(n.lane[i]) ? 1.0f : std::exp2(n.lane[i]); });
  }
  static reg select_less(reg a, reg b, reg c, reg d) {
    return each([&](int i) { return a.lane[i] < b.lane[i] ? c.lane[i] : d.lane[i]; });
  }
};

#include "ops/kernels/conv/conv_tile.h"

constexpr ConvKernels make_kernels() {
  ConvKernels result = kernels_of<WideVector>();
  add_tiles<WideVector, 8, 3>(result);
  add_tiles<WideVector, 7, 3>(result);
  add_tiles<WideVector, 6, 4>(result);
  add_tiles<WideVector, 5, 5>(result);
  add_tiles<WideVector, 4, 6>(result);
  add_tiles<WideVector, 3, 8>(result);
  add_tiles<WideVector, 2, 8>(result);
  add_tiles<WideVector, 1, 8>(result);
  return result;
}

constexpr ConvKernels kKernels = make_kernels();

}  // namespace

const ConvKernels& emulated_conv_kernels() { return kKernels; }

}  // namespace convoy::kernels
