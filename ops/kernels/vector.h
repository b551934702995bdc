// Vectors of floats, as wide as the instruction set that the including file is compiled for. Everything
// lies in an unnamed namespace: each file gets a copy of its own, made under its own flags.
#pragma once

#include <cstdint>

namespace convoy {
namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX2__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

typedef float VFloat __attribute__((vector_size(kLanes * 4)));
typedef int32_t VInt __attribute__((vector_size(kLanes * 4)));

[[maybe_unused]] inline VFloat load(const float* from) {
  VFloat v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

[[maybe_unused]] inline void store(float* to, VFloat v) { __builtin_memcpy(to, &v, sizeof v); }

[[maybe_unused]] inline VFloat broadcast(float x) { return x - VFloat{}; }

// The first `count` < kLanes floats at `from`, then `fill`.
[[maybe_unused]] inline VFloat load_partial(const float* from, int64_t count, float fill) {
  float lanes[kLanes];
  for (int k = 0; k < kLanes; ++k) lanes[k] = k < count ? from[k] : fill;
  return load(lanes);
}

[[maybe_unused]] inline void store_partial(float* to, VFloat v, int64_t count) {
  float lanes[kLanes];
  store(lanes, v);
  for (int k = 0; k < count; ++k) to[k] = lanes[k];
}

// b where either is NaN.
[[maybe_unused]] inline VFloat vmax(VFloat a, VFloat b) { return a > b ? a : b; }
[[maybe_unused]] inline VFloat vmin(VFloat a, VFloat b) { return a < b ? a : b; }
[[maybe_unused]] inline VFloat vabs(VFloat x) {
  return (VFloat)((VInt)x & 0x7fffffff);
}

[[maybe_unused]] inline float sum_lanes(VFloat v) {
  float lanes[kLanes];
  store(lanes, v);
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int k = 0; k < half; ++k) lanes[k] += lanes[k + half];
  }
  return lanes[0];
}

[[maybe_unused]] inline float max_lanes(VFloat v) {
  float lanes[kLanes];
  store(lanes, v);
  for (int k = 1; k < kLanes; ++k) lanes[0] = lanes[k] > lanes[0] ? lanes[k] : lanes[0];
  return lanes[0];
}

// e^x within 2 units in the last place; infinity above 88.73, subnormal below -87.34, NaN stays NaN.
// Range reduction by ln 2 in two parts and the polynomial of Cephes' expf.
[[maybe_unused]] inline VFloat vexp(VFloat x) {
  const VFloat low = broadcast(-104.0f);
  const VFloat high = broadcast(89.0f);
  x = x < low ? low : x;
  x = x > high ? high : x;
  const float magic = 12582912.0f;  // 1.5 · 2^23: adding it rounds to an integer
  VFloat n = (x * 1.44269504088896341f + magic) - magic;
  VFloat r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  VFloat p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  VInt power = __builtin_convertvector(n, VInt);
  VInt half = power >> 1;
  VInt rest = power - half;
  return p * (VFloat)((half + 127) << 23) * (VFloat)((rest + 127) << 23);
}

[[maybe_unused]] inline VFloat vsigmoid(VFloat x) { return 1.0f / (1.0f + vexp(-x)); }

// Cephes' tanhf: a polynomial near zero, by the exponential elsewhere.
[[maybe_unused]] inline VFloat vtanh(VFloat x) {
  VFloat size = vabs(x);
  VFloat z = x * x;
  VFloat p = z * -5.70498872745e-3f + 2.06390887954e-2f;
  p = p * z + -5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z + -3.33332819422e-1f;
  VFloat near = p * z * x + x;
  VFloat far = 1.0f - 2.0f / (vexp(size + size) + 1.0f);
  far = x < 0.0f ? -far : far;
  return size < 0.625f ? near : far;
}

}  // namespace
}  // namespace convoy
