#include "ops/kernels/conv/conv_channels.h"
#include "ops/kernels/conv/conv_depthwise.h"
#include "ops/kernels/conv/conv_depthwise_sums.h"
#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/conv_tile.h"
#include "ops/kernels/conv/conv_winograd.h"
#include "ops/kernels/conv/conv_winograd_pixels.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // in the header's _mm512_undefined_ps
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#endif

namespace convoy::kernels {

#if defined(__AVX512F__)

namespace {

struct Avx512 {
  using reg = __m512;
  static constexpr int lanes = 16;
  static __mmask16 mask(int64_t n) { return static_cast<__mmask16>((1u << n) - 1); }
  static reg zero() { return _mm512_setzero_ps(); }
  static reg set(float x) { return _mm512_set1_ps(x); }
  static reg load(const float* p) { return _mm512_loadu_ps(p); }
  static void store(float* p, reg x) { _mm512_storeu_ps(p, x); }
  static reg load_n(const float* p, int64_t n) { return _mm512_maskz_loadu_ps(mask(n), p); }
  using lane_mask = __mmask16;
  static lane_mask between(int64_t begin, int64_t end) {
    return static_cast<__mmask16>(mask(end) & ~mask(begin));
  }
  static reg load_masked(const float* p, lane_mask m) { return _mm512_maskz_loadu_ps(m, p); }
  static void store_n(float* p, reg x, int64_t n) { _mm512_mask_storeu_ps(p, mask(n), x); }
  static void add_product(reg& sum, reg a, reg b) {
    asm("vfmadd231ps %2, %1, %0" : "+v"(sum) : "%v"(a), "vm"(b));
  }
  static reg fma(reg a, reg b, reg c) { return _mm512_fmadd_ps(a, b, c); }
  static reg add(reg a, reg b) { return _mm512_add_ps(a, b); }
  static reg sub(reg a, reg b) { return _mm512_sub_ps(a, b); }
  static reg mul(reg a, reg b) { return _mm512_mul_ps(a, b); }
  static reg min(reg a, reg b) { return _mm512_min_ps(a, b); }
  static reg max(reg a, reg b) { return _mm512_max_ps(a, b); }
  template <int R>
  static reg shift(reg a, reg b) {
    return _mm512_castsi512_ps(
        _mm512_alignr_epi32(_mm512_castps_si512(b), _mm512_castps_si512(a), R));
  }
  // Of two vectors together, the places that `split` takes from.
  template <int D>
  struct Places {
    alignas(64) int even[16], odd[16];
    constexpr Places() : even(), odd() {
      for (int i = 0; i < 16; ++i) {
        even[i] = i / D * 2 * D + i % D;
        odd[i] = even[i] + D;
      }
    }
  };
  template <int D>
  static constexpr Places<D> kPlaces = {};
  template <int D>
  static void split(reg low, reg high, reg& even, reg& odd) {
    even = _mm512_permutex2var_ps(low, _mm512_load_si512(kPlaces<D>.even), high);
    odd = _mm512_permutex2var_ps(low, _mm512_load_si512(kPlaces<D>.odd), high);
  }
  template <int D>
  static void deal(reg low, reg high, reg& even, reg& odd) {
    even = D > 2 ? _mm512_shuffle_f32x4(low, high, D == 4 ? 0x88 : 0x44)
                 : _mm512_shuffle_ps(low, high, D == 1 ? 0x88 : 0x44);
    odd = D > 2 ? _mm512_shuffle_f32x4(low, high, D == 4 ? 0xdd : 0xee)
                : _mm512_shuffle_ps(low, high, D == 1 ? 0xdd : 0xee);
  }
  template <int D>
  static void collect(reg even, reg odd, reg& low, reg& high) {
    if (D == 1) {
      low = _mm512_unpacklo_ps(even, odd);
      high = _mm512_unpackhi_ps(even, odd);
    } else {
      deal<D == 4 ? 8 : D>(even, odd, low, high);
      if (D == 4) low = _mm512_shuffle_f32x4(low, low, 0xd8);
      if (D == 4) high = _mm512_shuffle_f32x4(high, high, 0xd8);
    }
  }
  static void transpose(reg (&r)[16]) {
    reg t[16];
    for (int i = 0; i < 8; ++i) {
      t[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
      t[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
      r[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
      r[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xee);
      r[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
      r[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    for (int i = 0; i < 4; ++i) {
      const reg even = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
      const reg odd = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
      const reg even2 = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
      const reg odd2 = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
      r[i] = _mm512_shuffle_f32x4(even, even2, 0x88);
      r[i + 4] = _mm512_shuffle_f32x4(odd, odd2, 0x88);
      r[i + 8] = _mm512_shuffle_f32x4(even, even2, 0xdd);
      r[i + 12] = _mm512_shuffle_f32x4(odd, odd2, 0xdd);
    }
  }
};

constexpr ConvKernels make_kernels() {
  ConvKernels kernels = kernels_of<Avx512>(activate_row_avx512);
  add_tiles<Avx512, 8, 3>(kernels);
  add_tiles<Avx512, 7, 3>(kernels);
  add_tiles<Avx512, 6, 4>(kernels);
  add_tiles<Avx512, 5, 5>(kernels);
  add_tiles<Avx512, 4, 6>(kernels);
  add_tiles<Avx512, 3, 8>(kernels);
  add_tiles<Avx512, 2, 8>(kernels);
  add_tiles<Avx512, 1, 8>(kernels);
  add_channels<Avx512, 1, 14>(kernels);
  add_channels<Avx512, 2, 12>(kernels);
  add_channels<Avx512, 3, 8>(kernels);
  kernels.store_channels = store_channels<Avx512>;
  kernels.store_pixels = store_pixels<Avx512>;
  kernels.depthwise = depthwise<Avx512>;
  add_winograd<Avx512>(kernels);
  add_winograd_pixels<Avx512, 6>(kernels);
  return kernels;
}

constexpr ConvKernels kKernels = make_kernels();

}  // namespace

const ConvKernels* avx512_conv_kernels() { return &kKernels; }

#else

const ConvKernels* avx512_conv_kernels() { return nullptr; }

#endif

}  // namespace convoy::kernels
