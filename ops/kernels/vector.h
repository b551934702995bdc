// Vectors of floats, as wide as the instruction set that the including file is compiled for.
// Everything lies in an unnamed namespace: each file gets a copy of its own, made under its flags.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

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
typedef uint32_t VBits __attribute__((vector_size(kLanes * 4)));  // wraps around

[[maybe_unused]] inline VFloat load(const float* from) {
  VFloat v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

[[maybe_unused]] inline void store(float* to, VFloat v) { __builtin_memcpy(to, &v, sizeof v); }

[[maybe_unused]] inline VFloat broadcast(float x) { return x - VFloat{}; }

#if defined(__AVX2__) && !defined(__AVX512F__)
[[maybe_unused]] inline __m256i lane_mask(int64_t count) {
  alignas(32) static constexpr int32_t kMask[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMask + 8 - count));
}
#endif

// The first `count` < kLanes floats at `from`, then `fill`.
[[maybe_unused]] inline VFloat load_partial(const float* from, int64_t count, float fill) {
#if defined(__AVX512F__)
  const auto mask = static_cast<__mmask16>((1u << count) - 1);
  return (VFloat)_mm512_mask_loadu_ps(_mm512_set1_ps(fill), mask, from);
#elif defined(__AVX2__)
  const __m256i mask = lane_mask(count);
  return (VFloat)_mm256_blendv_ps(_mm256_set1_ps(fill), _mm256_maskload_ps(from, mask),
                                  _mm256_castsi256_ps(mask));
#else
  float lanes[kLanes];
  for (int k = 0; k < kLanes; ++k) lanes[k] = k < count ? from[k] : fill;
  return load(lanes);
#endif
}

[[maybe_unused]] inline void store_partial(float* to, VFloat v, int64_t count) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << count) - 1), (__m512)v);
#elif defined(__AVX2__)
  _mm256_maskstore_ps(to, lane_mask(count), (__m256)v);
#else
  float lanes[kLanes];
  store(lanes, v);
  for (int k = 0; k < count; ++k) to[k] = lanes[k];
#endif
}

// b where either is NaN.
[[maybe_unused]] inline VFloat vmax(VFloat a, VFloat b) {
#if defined(__AVX512F__)
  return (VFloat)_mm512_maskz_max_ps(0xffff, (__m512)a, (__m512)b);
#elif defined(__AVX2__)
  return (VFloat)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__x86_64__)
  return (VFloat)_mm_max_ps((__m128)a, (__m128)b);
#else
  return a > b ? a : b;
#endif
}
[[maybe_unused]] inline VFloat vmin(VFloat a, VFloat b) {
#if defined(__AVX512F__)
  return (VFloat)_mm512_maskz_min_ps(0xffff, (__m512)a, (__m512)b);
#elif defined(__AVX2__)
  return (VFloat)_mm256_min_ps((__m256)a, (__m256)b);
#elif defined(__x86_64__)
  return (VFloat)_mm_min_ps((__m128)a, (__m128)b);
#else
  return a < b ? a : b;
#endif
}
[[maybe_unused]] inline VFloat vabs(VFloat x) { return (VFloat)((VInt)x & 0x7fffffff); }

// Lanes k + half to lane k, for k < half.
template <int half>
inline VFloat upper_lanes(VFloat v) {
  VInt from;
  for (int k = 0; k < kLanes; ++k) from[k] = (k + half) % kLanes;
  return __builtin_shuffle(v, from);
}

[[maybe_unused]] inline float sum_lanes(VFloat v) {
  if constexpr (kLanes > 8) v += upper_lanes<8>(v);
  if constexpr (kLanes > 4) v += upper_lanes<4>(v);
  v += upper_lanes<2>(v);
  v += upper_lanes<1>(v);
  return v[0];
}

[[maybe_unused]] inline float max_lanes(VFloat v) {
  float lanes[kLanes];
  store(lanes, v);
  for (int k = 1; k < kLanes; ++k) lanes[0] = lanes[k] > lanes[0] ? lanes[k] : lanes[0];
  return lanes[0];
}

// n = x / ln 2 rounded, in the low bits of n + kRounding; e^(x - n · ln 2) by the polynomial of
// Cephes' expf.
constexpr float kRounding = 12582912.0f;  // 1.5 · 2^23
constexpr int32_t kRoundingBits = 0x4b400000;
struct ReducedExp {
  VFloat rounded;
  VFloat rest;
};
[[maybe_unused]] inline ReducedExp reduce_exp(VFloat x) {
  const VFloat rounded = x * 1.44269504088896341f + kRounding;
  const VFloat n = rounded - kRounding;
  VFloat r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  VFloat p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return {rounded, p * (r * r) + r + 1.0f};
}

// e^x within 2 units in the last place; infinity above 88.73, subnormal below -87.34, NaN stays.
[[maybe_unused]] inline VFloat vexp(VFloat x) {
  x = vmin(broadcast(89.0f), vmax(broadcast(-104.0f), x));
  const ReducedExp e = reduce_exp(x);
  const VInt power = (VInt)e.rounded - kRoundingBits;
  const VInt half = power >> 1;
  const VInt rest = power - half;
  return e.rest * (VFloat)((half + 127) << 23) * (VFloat)((rest + 127) << 23);
}

// e^x for x ≤ 0, with 0 in place of subnormal results.
[[maybe_unused]] inline VFloat vexp_nonpositive(VFloat x) {
  const ReducedExp e = reduce_exp(x);
  const VFloat value = e.rest * (VFloat)(((VBits)e.rounded << 23) + (127U << 23));
  return x < -87.3f ? VFloat{} : value;
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
