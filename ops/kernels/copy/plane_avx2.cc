#include <immintrin.h>

#include "ops/kernels/copy/plane.h"

namespace convoy {
namespace {

// Eight columns of the source become eight rows' worth of the destination.
inline void transpose_8x8(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
  __m256 r0 = _mm256_loadu_ps(from);
  __m256 r1 = _mm256_loadu_ps(from + from_stride);
  __m256 r2 = _mm256_loadu_ps(from + 2 * from_stride);
  __m256 r3 = _mm256_loadu_ps(from + 3 * from_stride);
  __m256 r4 = _mm256_loadu_ps(from + 4 * from_stride);
  __m256 r5 = _mm256_loadu_ps(from + 5 * from_stride);
  __m256 r6 = _mm256_loadu_ps(from + 6 * from_stride);
  __m256 r7 = _mm256_loadu_ps(from + 7 * from_stride);
  __m256 a0 = _mm256_unpacklo_ps(r0, r1);
  __m256 a1 = _mm256_unpackhi_ps(r0, r1);
  __m256 a2 = _mm256_unpacklo_ps(r2, r3);
  __m256 a3 = _mm256_unpackhi_ps(r2, r3);
  __m256 a4 = _mm256_unpacklo_ps(r4, r5);
  __m256 a5 = _mm256_unpackhi_ps(r4, r5);
  __m256 a6 = _mm256_unpacklo_ps(r6, r7);
  __m256 a7 = _mm256_unpackhi_ps(r6, r7);
  __m256 b0 = _mm256_shuffle_ps(a0, a2, 0x44);
  __m256 b1 = _mm256_shuffle_ps(a0, a2, 0xee);
  __m256 b2 = _mm256_shuffle_ps(a1, a3, 0x44);
  __m256 b3 = _mm256_shuffle_ps(a1, a3, 0xee);
  __m256 b4 = _mm256_shuffle_ps(a4, a6, 0x44);
  __m256 b5 = _mm256_shuffle_ps(a4, a6, 0xee);
  __m256 b6 = _mm256_shuffle_ps(a5, a7, 0x44);
  __m256 b7 = _mm256_shuffle_ps(a5, a7, 0xee);
  _mm256_storeu_ps(to, _mm256_permute2f128_ps(b0, b4, 0x20));
  _mm256_storeu_ps(to + to_stride, _mm256_permute2f128_ps(b1, b5, 0x20));
  _mm256_storeu_ps(to + 2 * to_stride, _mm256_permute2f128_ps(b2, b6, 0x20));
  _mm256_storeu_ps(to + 3 * to_stride, _mm256_permute2f128_ps(b3, b7, 0x20));
  _mm256_storeu_ps(to + 4 * to_stride, _mm256_permute2f128_ps(b0, b4, 0x31));
  _mm256_storeu_ps(to + 5 * to_stride, _mm256_permute2f128_ps(b1, b5, 0x31));
  _mm256_storeu_ps(to + 6 * to_stride, _mm256_permute2f128_ps(b2, b6, 0x31));
  _mm256_storeu_ps(to + 7 * to_stride, _mm256_permute2f128_ps(b3, b7, 0x31));
}

}  // namespace

void transpose_plane_avx2(const Plane& plane, const uint32_t* source, uint32_t* target) {
  const auto* from = reinterpret_cast<const float*>(source);
  auto* to = reinterpret_cast<float*>(target);
  int64_t rows = plane.rows / 8 * 8;
  int64_t columns = plane.columns / 8 * 8;
  constexpr int64_t kBand = 64;
  for (int64_t r0 = 0; r0 < rows; r0 += kBand) {
    int64_t r1 = r0 + kBand < rows ? r0 + kBand : rows;
    for (int64_t c = 0; c < columns; c += 8) {
      for (int64_t r = r0; r < r1; r += 8) {
        transpose_8x8(from + r + c * plane.from_column, plane.from_column,
                      to + r * plane.to_row + c, plane.to_row);
      }
    }
  }
  for (int64_t r = 0; r < plane.rows; ++r) {
    for (int64_t c = r < rows ? columns : 0; c < plane.columns; ++c) {
      target[r * plane.to_row + c] = source[r + c * plane.from_column];
    }
  }
}

}  // namespace convoy
