#include <immintrin.h>

#include "runtime/device/half_rows.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // in the header's _mm512_undefined_ps
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

namespace convoy {
namespace {

constexpr int64_t kLanes = 16;

__m512 float16_to_float(__m256i bits) { return _mm512_cvtph_ps(bits); }
__m256i float_to_float16(__m512 value) { return _mm512_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT); }

__m512 bfloat16_to_float(__m256i bits) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}
__m256i float_to_bfloat16(__m512 value) {
  const __m512i word = _mm512_castps_si512(value);
  const __m512i high = _mm512_srli_epi32(word, 16);
  const __m512i odd = _mm512_and_si512(high, _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_srli_epi32(
      _mm512_add_epi32(_mm512_add_epi32(word, _mm512_set1_epi32(0x7fff)), odd), 16);
  const __m512i quiet = _mm512_or_si512(high, _mm512_set1_epi32(0x40));
  const __mmask16 nan = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
  return _mm512_cvtepi32_epi16(_mm512_mask_blend_epi32(nan, rounded, quiet));
}

__mmask16 first(int64_t n) { return static_cast<__mmask16>((1u << n) - 1); }

template <__m512 (*convert)(__m256i)>
void widen(const uint16_t* from, float* to, int64_t count) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const auto* source = reinterpret_cast<const __m256i*>(from + i);
    _mm512_storeu_ps(to + i, convert(_mm256_loadu_si256(source)));
  }
  if (i == count) return;
  const __mmask16 mask = first(count - i);
  _mm512_mask_storeu_ps(to + i, mask, convert(_mm256_maskz_loadu_epi16(mask, from + i)));
}

template <__m256i (*convert)(__m512)>
void narrow(const float* from, uint16_t* to, int64_t count) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), convert(_mm512_loadu_ps(from + i)));
  }
  if (i == count) return;
  const __mmask16 mask = first(count - i);
  _mm256_mask_storeu_epi16(to + i, mask, convert(_mm512_maskz_loadu_ps(mask, from + i)));
}

}  // namespace

const HalfRows half_rows_avx512 = {widen<float16_to_float>, narrow<float_to_float16>,
                                   widen<bfloat16_to_float>, narrow<float_to_bfloat16>};

}  // namespace convoy
