// Vectors of bytes as vectors of integers and back.
#pragma once

#include "ops/kernels/simd/vector.h"

namespace convoy::simd {
namespace {

CONVOY_INLINE Ints widen(const uint8_t* from) {
#if defined(__AVX512F__)
  return (Ints)_mm512_maskz_cvtepu8_epi32(0xffff,
                                          _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
#elif defined(__AVX2__)
  return (Ints)_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
#else
  Ints values;
  for (int k = 0; k < kLanes; ++k) values[k] = from[k];
  return values;
#endif
}

// Of 0 to 255.
CONVOY_INLINE void narrow(Ints values, uint8_t* to) {
#if defined(__AVX512F__)
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                   _mm512_maskz_cvtepi32_epi8(0xffff, (__m512i)values));
#elif defined(__AVX2__)
  const auto all = (__m256i)values;
  const __m128i words =
      _mm_packus_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(words, words));
#else
  for (int k = 0; k < kLanes; ++k) to[k] = static_cast<uint8_t>(values[k]);
#endif
}

// The first `count` < kLanes bytes, then zeros.
CONVOY_INLINE Ints widen_partial(const uint8_t* from, int64_t count) {
#if defined(__AVX512BW__)
  return (Ints)_mm512_maskz_cvtepu8_epi32(0xffff, _mm_maskz_loadu_epi8(lane_mask(count), from));
#else
  uint8_t bytes[kLanes] = {};
  for (int64_t k = 0; k < count; ++k) bytes[k] = from[k];
  return widen(bytes);
#endif
}

// The first `count` < kLanes lanes, of 0 to 255.
CONVOY_INLINE void narrow_partial(Ints values, uint8_t* to, int64_t count) {
#if defined(__AVX512BW__)
  _mm512_mask_cvtepi32_storeu_epi8(to, lane_mask(count), (__m512i)values);
#else
  uint8_t bytes[kLanes];
  narrow(values, bytes);
  for (int64_t k = 0; k < count; ++k) to[k] = bytes[k];
#endif
}

CONVOY_INLINE Floats as_float(Ints values) { return __builtin_convertvector(values, Floats); }

typedef Ints UnalignedInts __attribute__((aligned(2), may_alias));

CONVOY_INLINE Ints load_ints(const void* from) {
  return *reinterpret_cast<const UnalignedInts*>(from);
}
CONVOY_INLINE void store_ints(void* to, Ints v) { *reinterpret_cast<UnalignedInts*>(to) = v; }
// The first `count` < kLanes lanes.
CONVOY_INLINE void store_ints_partial(int32_t* to, Ints v, int64_t count) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_epi32(to, lane_mask(count), (__m512i)v);
#else
  for (int64_t k = 0; k < count; ++k) to[k] = v[k];
#endif
}

}  // namespace
}  // namespace convoy::simd
