#include <immintrin.h>

#include "runtime/device/half_rows.h"

namespace convoy {
namespace {

constexpr int64_t kLanes = 8;

__m256 widen8_float16(const uint16_t* p) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}

__m128i narrow8_float16(const float* p) {
  return _mm256_cvtps_ph(_mm256_loadu_ps(p), _MM_FROUND_TO_NEAREST_INT);
}

__m256 widen8_bfloat16(const uint16_t* p) {
  const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}

__m128i narrow8_bfloat16(const float* p) {
  const __m256 value = _mm256_loadu_ps(p);
  const __m256i word = _mm256_castps_si256(value);
  const __m256i high = _mm256_srli_epi32(word, 16);
  const __m256i odd = _mm256_and_si256(high, _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_srli_epi32(
      _mm256_add_epi32(_mm256_add_epi32(word, _mm256_set1_epi32(0x7fff)), odd), 16);
  const __m256i quiet = _mm256_or_si256(high, _mm256_set1_epi32(0x40));
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(value, value, _CMP_UNORD_Q));
  const __m256i result = _mm256_blendv_epi8(rounded, quiet, nan);
  return _mm_packus_epi32(_mm256_castsi256_si128(result), _mm256_extracti128_si256(result, 1));
}

template <__m256 (*widen8)(const uint16_t*)>
void widen(const uint16_t* from, float* to, int64_t count) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) _mm256_storeu_ps(to + i, widen8(from + i));
  if (i == count) return;
  uint16_t rest[kLanes] = {};
  float wide[kLanes];
  for (int64_t j = i; j < count; ++j) rest[j - i] = from[j];
  _mm256_storeu_ps(wide, widen8(rest));
  for (int64_t j = i; j < count; ++j) to[j] = wide[j - i];
}

template <__m128i (*narrow8)(const float*)>
void narrow(const float* from, uint16_t* to, int64_t count) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i), narrow8(from + i));
  }
  if (i == count) return;
  float rest[kLanes] = {};
  uint16_t bits[kLanes];
  for (int64_t j = i; j < count; ++j) rest[j - i] = from[j];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(bits), narrow8(rest));
  for (int64_t j = i; j < count; ++j) to[j] = bits[j - i];
}

}  // namespace

const HalfRows half_rows_avx2 = {widen<widen8_float16>, narrow<narrow8_float16>,
                                 widen<widen8_bfloat16>, narrow<narrow8_bfloat16>};

}  // namespace convoy
