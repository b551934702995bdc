// Vectors of floats, as wide as the instruction set that the including file is compiled for: the
// compiler's own, so that any processor has them (docs/decisions/0013-one-vector-layer.md).
// Everything lies in an unnamed namespace: each file gets a copy of its own, made under its flags.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace convoy::simd {
namespace {

#if defined(__AVX512F__)
#define CONVOY_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define CONVOY_VECTOR_BYTES 32
#else
#define CONVOY_VECTOR_BYTES 16
#endif

typedef float Floats __attribute__((vector_size(CONVOY_VECTOR_BYTES)));
typedef int32_t Ints __attribute__((vector_size(CONVOY_VECTOR_BYTES)));
typedef uint32_t Words __attribute__((vector_size(CONVOY_VECTOR_BYTES)));  // wraps around
constexpr int kLanes = CONVOY_VECTOR_BYTES / 4;

// x + kRounding has x, rounded to nearest even, in the low bits above kRoundingBits; |x| < 2^22.
constexpr float kRounding = 12582912.0f;  // 1.5 · 2^23
constexpr int32_t kRoundingBits = 0x4b400000;

#define CONVOY_INLINE inline __attribute__((always_inline, unused))

// Through a type of floats: a copy of bytes would pass through registers as integers, which the
// compiler then keeps apart from sums.
typedef Floats Unaligned __attribute__((aligned(4), may_alias));

CONVOY_INLINE Floats load(const float* from) { return *reinterpret_cast<const Unaligned*>(from); }
CONVOY_INLINE void store(float* to, Floats v) { *reinterpret_cast<Unaligned*>(to) = v; }

// v - 0 is v for every v, -0 and infinity included.
CONVOY_INLINE Floats splat(float v) { return v - Floats{}; }

// The first `count` lanes.
#if defined(__AVX512F__)
CONVOY_INLINE __mmask16 lane_mask(int64_t count) {
  return static_cast<__mmask16>((1u << count) - 1);
}
#elif defined(__AVX2__)
CONVOY_INLINE __m256i lane_mask(int64_t count) {
  alignas(32) static constexpr int32_t kMask[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMask + 8 - count));
}
#endif

// The first `count` < kLanes floats at `from`, then `fill`.
CONVOY_INLINE Floats load_partial(const float* from, int64_t count, float fill) {
#if defined(__AVX512F__)
  return (Floats)_mm512_mask_loadu_ps(_mm512_set1_ps(fill), lane_mask(count), from);
#elif defined(__AVX2__)
  const __m256i mask = lane_mask(count);
  return (Floats)_mm256_blendv_ps(_mm256_set1_ps(fill), _mm256_maskload_ps(from, mask),
                                  _mm256_castsi256_ps(mask));
#else
  float lanes[kLanes];
  for (int k = 0; k < kLanes; ++k) lanes[k] = k < count ? from[k] : fill;
  return load(lanes);
#endif
}

// The first `count` < kLanes floats at `from`, then zeros.
CONVOY_INLINE Floats load_partial(const float* from, int64_t count) {
#if defined(__AVX2__) && !defined(__AVX512F__)
  return (Floats)_mm256_maskload_ps(from, lane_mask(count));
#else
  return load_partial(from, count, 0);
#endif
}

CONVOY_INLINE void store_partial(float* to, Floats v, int64_t count) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, lane_mask(count), (__m512)v);
#elif defined(__AVX2__)
  _mm256_maskstore_ps(to, lane_mask(count), (__m256)v);
#else
  float lanes[kLanes];
  store(lanes, v);
  for (int k = 0; k < count; ++k) to[k] = lanes[k];
#endif
}

// a · b + c, in one rounding wherever the instruction set can: where a number is computed in more
// than one place of a file, the compiler might contract one and not the other.
CONVOY_INLINE Floats multiply_add(Floats a, Floats b, Floats c) {
#if defined(__AVX512F__)
  return (Floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__)
  return (Floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}

// b where either is NaN.
CONVOY_INLINE Floats max(Floats a, Floats b) {
#if defined(__AVX512F__)
  return (Floats)_mm512_maskz_max_ps(0xffff, (__m512)a, (__m512)b);
#elif defined(__AVX2__)
  return (Floats)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__x86_64__)
  return (Floats)_mm_max_ps((__m128)a, (__m128)b);
#else
  return a > b ? a : b;
#endif
}
CONVOY_INLINE Floats min(Floats a, Floats b) {
#if defined(__AVX512F__)
  return (Floats)_mm512_maskz_min_ps(0xffff, (__m512)a, (__m512)b);
#elif defined(__AVX2__)
  return (Floats)_mm256_min_ps((__m256)a, (__m256)b);
#elif defined(__x86_64__)
  return (Floats)_mm_min_ps((__m128)a, (__m128)b);
#else
  return a < b ? a : b;
#endif
}
CONVOY_INLINE Floats abs(Floats x) { return (Floats)((Ints)x & 0x7fffffff); }

// Lanes k + half to lane k, for k < half.
template <int half>
CONVOY_INLINE Floats upper_lanes(Floats v) {
  Ints from;
  for (int k = 0; k < kLanes; ++k) from[k] = (k + half) % kLanes;
  return __builtin_shuffle(v, from);
}

CONVOY_INLINE float sum_lanes(Floats v) {
  if constexpr (kLanes > 8) v += upper_lanes<8>(v);
  if constexpr (kLanes > 4) v += upper_lanes<4>(v);
  v += upper_lanes<2>(v);
  v += upper_lanes<1>(v);
  return v[0];
}

CONVOY_INLINE float max_lanes(Floats v) {
  float lanes[kLanes];
  store(lanes, v);
  for (int k = 1; k < kLanes; ++k) lanes[0] = lanes[k] > lanes[0] ? lanes[k] : lanes[0];
  return lanes[0];
}

}  // namespace
}  // namespace convoy::simd
