#include "ops/kernels/conv/conv_channels.h"
#include "ops/kernels/conv/conv_depthwise.h"
#include "ops/kernels/conv/conv_depthwise_sums.h"
#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/conv_tile.h"
#include "ops/kernels/conv/conv_winograd.h"
#include "ops/kernels/conv/conv_winograd_pixels.h"

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#endif

namespace convoy::kernels {

#if defined(__AVX2__) && defined(__FMA__)

namespace {

alignas(32) const int kLaneMask[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

struct Avx2 {
  using reg = __m256;
  static constexpr int lanes = 8;
  static __m256i mask(int64_t n) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kLaneMask + 8 - n));
  }
  static reg zero() { return _mm256_setzero_ps(); }
  static reg set(float x) { return _mm256_set1_ps(x); }
  static reg load(const float* p) { return _mm256_loadu_ps(p); }
  static void store(float* p, reg x) { _mm256_storeu_ps(p, x); }
  static reg load_n(const float* p, int64_t n) { return _mm256_maskload_ps(p, mask(n)); }
  using lane_mask = __m256i;
  static lane_mask between(int64_t begin, int64_t end) {
    return _mm256_andnot_si256(mask(begin), mask(end));
  }
  static reg load_masked(const float* p, lane_mask m) { return _mm256_maskload_ps(p, m); }
  static void store_n(float* p, reg x, int64_t n) { _mm256_maskstore_ps(p, mask(n), x); }
  static void add_product(reg& sum, reg a, reg b) {
    asm("vfmadd231ps %2, %1, %0" : "+x"(sum) : "%x"(a), "xm"(b));
  }
  static reg fma(reg a, reg b, reg c) { return _mm256_fmadd_ps(a, b, c); }
  static reg add(reg a, reg b) { return _mm256_add_ps(a, b); }
  static reg sub(reg a, reg b) { return _mm256_sub_ps(a, b); }
  static reg mul(reg a, reg b) { return _mm256_mul_ps(a, b); }
  static reg min(reg a, reg b) { return _mm256_min_ps(a, b); }
  static reg max(reg a, reg b) { return _mm256_max_ps(a, b); }
  template <int R>
  static reg shift(reg a, reg b) {
    const reg middle = _mm256_permute2f128_ps(a, b, 0x21);
    if constexpr (R == 4) return middle;
    const reg low = R < 4 ? a : middle, high = R < 4 ? middle : b;
    return _mm256_castsi256_ps(
        _mm256_alignr_epi8(_mm256_castps_si256(high), _mm256_castps_si256(low), R % 4 * 4));
  }
  template <int D>
  static void split(reg low, reg high, reg& even, reg& odd) {
    const reg a = _mm256_permute2f128_ps(low, high, 0x20);
    const reg b = _mm256_permute2f128_ps(low, high, 0x31);
    even = D == 4 ? a : _mm256_shuffle_ps(a, b, D == 1 ? 0x88 : 0x44);
    odd = D == 4 ? b : _mm256_shuffle_ps(a, b, D == 1 ? 0xdd : 0xee);
  }
  template <int D>
  static void deal(reg low, reg high, reg& even, reg& odd) {
    even = D == 4 ? _mm256_permute2f128_ps(low, high, 0x20)
                  : _mm256_shuffle_ps(low, high, D == 1 ? 0x88 : 0x44);
    odd = D == 4 ? _mm256_permute2f128_ps(low, high, 0x31)
                 : _mm256_shuffle_ps(low, high, D == 1 ? 0xdd : 0xee);
  }
  template <int D>
  static void collect(reg even, reg odd, reg& low, reg& high) {
    if (D != 1) return deal<D>(even, odd, low, high);
    low = _mm256_unpacklo_ps(even, odd);
    high = _mm256_unpackhi_ps(even, odd);
  }
  static void transpose(reg (&r)[8]) {
    reg t[8];
    for (int i = 0; i < 4; ++i) {
      t[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
      t[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
      r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
      r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
      r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
      r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    for (int i = 0; i < 4; ++i) {
      const reg low = _mm256_permute2f128_ps(r[i], r[i + 4], 0x20);
      r[i + 4] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x31);
      r[i] = low;
    }
  }
};

constexpr ConvKernels make_kernels() {
  ConvKernels kernels = kernels_of<Avx2>(activate_row_avx2);
  add_tiles<Avx2, 6, 2>(kernels);
  add_tiles<Avx2, 5, 2>(kernels);
  add_tiles<Avx2, 4, 3>(kernels);
  add_tiles<Avx2, 3, 4>(kernels);
  add_tiles<Avx2, 2, 6>(kernels);
  add_tiles<Avx2, 1, 8>(kernels);
  add_channels<Avx2, 1, 12>(kernels);
  add_channels<Avx2, 2, 6>(kernels);
  add_channels<Avx2, 3, 4>(kernels);
  kernels.store_channels = store_channels<Avx2>;
  kernels.store_pixels = store_pixels<Avx2>;
  kernels.depthwise = depthwise<Avx2>;
  add_winograd<Avx2>(kernels);
  add_winograd_pixels<Avx2, 3>(kernels);
  return kernels;
}

constexpr ConvKernels kKernels = make_kernels();

}  // namespace

const ConvKernels* avx2_conv_kernels() { return &kKernels; }

#else

const ConvKernels* avx2_conv_kernels() { return nullptr; }

#endif

}  // namespace convoy::kernels
