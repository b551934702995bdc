// The vector of vector.h as a type, for templates that tests also try with more lanes than the
// machine has: what vector.h says in functions, and what moves lanes about.
//
// V has: reg, lanes, zero, set, load, store, load_n, store_n, lane_mask, between (the mask of lanes
// begin .. end - 1), load_masked (zero elsewhere), fma (a * b + c), add_product (sum += a * b in
// the register of sum: what the compiler chooses copies many sums about), add, sub, mul, min and
// max (which return the second operand when either is NaN), and these:
//   shift<R>(a, b), 0 < R < lanes   lanes R .. R + lanes - 1 of a and b end to end
//   split<D>(low, high, even, odd)  every second run of D lanes of low and high, and the others
//   deal<D>                         the same in any order of lanes that collect undoes
//   collect<D>(even, odd, low, high)
//   transpose(reg (&)[lanes])       element j of vector i becomes element i of vector j
#pragma once

#include <cstdint>

#include "ops/kernels/simd/vector.h"

#if defined(__AVX512F__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // in the header's _mm512_undefined_ps
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

namespace convoy::simd {
namespace {

// From the compiler's own vectors: any number of lanes, any processor. Reg and Bits are vectors of
// kLanes floats and ints.
template <class Reg, class Bits, int kLanes>
struct PortableVector {
  using reg = Reg;
  using bits = Bits;
  static constexpr int lanes = kLanes;
  static reg zero() { return reg{}; }
  static reg set(float x) { return x - reg{}; }
  static reg load(const float* p) {
    reg x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
  }
  static void store(float* p, reg x) { __builtin_memcpy(p, &x, sizeof x); }
  static reg load_n(const float* p, int64_t n) {
    reg x = {};
    for (int64_t i = 0; i < n; ++i) x[i] = p[i];
    return x;
  }
  struct lane_mask {
    int64_t begin, end;
  };
  static lane_mask between(int64_t begin, int64_t end) { return {begin, end}; }
  static reg load_masked(const float* p, lane_mask m) {
    reg x = {};
    for (int64_t i = m.begin; i < m.end; ++i) x[i] = p[i];
    return x;
  }
  static void store_n(float* p, reg x, int64_t n) {
    for (int64_t i = 0; i < n; ++i) p[i] = x[i];
  }
  static void add_product(reg& sum, reg a, reg b) { sum = fma(a, b, sum); }
  static reg fma(reg a, reg b, reg c) { return a * b + c; }
  static reg add(reg a, reg b) { return a + b; }
  static reg sub(reg a, reg b) { return a - b; }
  static reg mul(reg a, reg b) { return a * b; }
  static reg select_less(reg a, reg b, reg c, reg d) {
    const bits less = a < b;
    return (reg)(((bits)c & less) | ((bits)d & ~less));
  }
  static reg min(reg a, reg b) { return select_less(a, b, a, b); }
  static reg max(reg a, reg b) { return select_less(b, a, a, b); }
  template <int R>
  static reg shift(reg a, reg b) {
    reg x;
    for (int i = 0; i < kLanes; ++i) x[i] = i + R < kLanes ? a[i + R] : b[i + R - kLanes];
    return x;
  }
  template <int D>
  static void split(reg low, reg high, reg& even, reg& odd) {
    for (int i = 0; i < kLanes; ++i) {
      const int from = i / D * 2 * D + i % D;
      even[i] = from < kLanes ? low[from] : high[from - kLanes];
      odd[i] = from + D < kLanes ? low[from + D] : high[from + D - kLanes];
    }
  }
  template <int D>
  static void deal(reg low, reg high, reg& even, reg& odd) {
    split<D>(low, high, even, odd);
  }
  template <int D>
  static void collect(reg even, reg odd, reg& low, reg& high) {
    for (int i = 0; i < kLanes; ++i) {
      const int to = i / D * 2 * D + i % D;
      (to < kLanes ? low[to] : high[to - kLanes]) = even[i];
      (to + D < kLanes ? low[to + D] : high[to + D - kLanes]) = odd[i];
    }
  }
  static void transpose(reg (&r)[kLanes]) {
    for (int i = 0; i < kLanes; ++i)
      for (int j = 0; j < i; ++j) {
        const float swapped = r[i][j];
        r[i][j] = r[j][i];
        r[j][i] = swapped;
      }
  }
};

// The machine's own width, by the functions of vector.h.
struct Native : PortableVector<Floats, Ints, kLanes> {
  static reg load(const float* p) { return simd::load(p); }
  static void store(float* p, reg x) { simd::store(p, x); }
  static reg load_n(const float* p, int64_t n) { return load_partial(p, n); }
  static void store_n(float* p, reg x, int64_t n) { store_partial(p, x, n); }
  static reg fma(reg a, reg b, reg c) { return multiply_add(a, b, c); }
  static reg min(reg a, reg b) { return simd::min(a, b); }
  static reg max(reg a, reg b) { return simd::max(a, b); }
};

#if defined(__AVX512F__)

struct Vector : Native {
  using lane_mask = __mmask16;
  static lane_mask between(int64_t begin, int64_t end) {
    return static_cast<__mmask16>(simd::lane_mask(end) & ~simd::lane_mask(begin));
  }
  static reg load_masked(const float* p, lane_mask m) { return _mm512_maskz_loadu_ps(m, p); }
  static void add_product(reg& sum, reg a, reg b) {
    asm("vfmadd231ps %2, %1, %0" : "+v"(sum) : "%v"(a), "vm"(b));
  }
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

#elif defined(__AVX2__)

struct Vector : Native {
  using lane_mask = __m256i;
  static lane_mask between(int64_t begin, int64_t end) {
    return _mm256_andnot_si256(simd::lane_mask(begin), simd::lane_mask(end));
  }
  static reg load_masked(const float* p, lane_mask m) { return _mm256_maskload_ps(p, m); }
  static void add_product(reg& sum, reg a, reg b) {
    asm("vfmadd231ps %2, %1, %0" : "+x"(sum) : "%x"(a), "xm"(b));
  }
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

#else

using Vector = Native;

#endif

}  // namespace
}  // namespace convoy::simd
