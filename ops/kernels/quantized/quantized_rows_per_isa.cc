#include "ops/kernels/quantized/quantized_rows.h"

#include "ops/kernels/simd/vector.h"
#include "runtime/device/per_isa.h"

namespace convoy {
namespace {

using namespace simd;

Ints widen(const uint8_t* from) {
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
void narrow(Ints values, uint8_t* to) {
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

Floats as_float(Ints values) { return __builtin_convertvector(values, Floats); }

struct Sum {
  static Floats of(Floats x, Floats y, const ByteArithmetic& a) {
    return x * a.x_factor + y * a.y_factor;
  }
};
struct Product {
  static Floats of(Floats x, Floats y, const ByteArithmetic& a) { return x * y * a.x_factor; }
};

// The bounds are integers: clamping may come before rounding.
template <typename F>
Ints combine(Ints x, Ints y, const ByteArithmetic& a) {
  const int flip = a.flip;
  Floats value = F::of(as_float(x ^ flip) - a.x_zero, as_float(y ^ flip) - a.y_zero, a);
  value = max(value, splat(0.0f - a.zero));
  value = min(value, splat(255.0f - a.zero));
  const Ints rounded = (Ints)(value + kRounding) - kRoundingBits;
  return (rounded + static_cast<int32_t>(a.zero)) ^ flip;
}

template <typename F>
void byte_row(const uint8_t* x, const uint8_t* y, bool y_repeats, uint8_t* z, int64_t n,
              const ByteArithmetic& a) {
  const Ints one = Ints{} + *y;
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    narrow(combine<F>(widen(x + i), y_repeats ? one : widen(y + i), a), z + i);
  }
  if (i == n) return;
  uint8_t last_x[kLanes] = {};
  uint8_t last_y[kLanes] = {};
  uint8_t last_z[kLanes];
  for (int64_t k = i; k < n; ++k) {
    last_x[k - i] = x[k];
    last_y[k - i] = y_repeats ? *y : y[k];
  }
  narrow(combine<F>(widen(last_x), widen(last_y), a), last_z);
  for (int64_t k = i; k < n; ++k) z[k] = last_z[k - i];
}

// The bytes of kLanes integers of `bits` each, in every lane that has its integer among them; and
// where in the lane that is.
template <int bits>
Words spread_words(const uint8_t* from) {
  constexpr int kBytes = kLanes * bits / 8;
  if constexpr (kBytes <= 4) {
    uint32_t word = 0;
    __builtin_memcpy(&word, from, kBytes);
    return Words{} + word;
  } else {
    static_assert(kBytes == 8);
    uint32_t words[2];
    __builtin_memcpy(words, from, kBytes);
    Words low = Words{} + words[0];
    Words high = Words{} + words[1];
    Words second;
    for (int k = 0; k < kLanes; ++k) second[k] = k < kLanes / 2 ? 0 : ~0u;
    return (low & ~second) | (high & second);
  }
}

template <int bits>
Words lane_shifts() {
  Words shifts;
  for (int k = 0; k < kLanes; ++k) shifts[k] = static_cast<uint32_t>(k % (32 / bits) * bits);
  return shifts;
}

template <int bits>
Ints unpack_lanes(const uint8_t* from, Words shifts) {
  if constexpr (bits == 8) {
    return widen(from);
  } else {
    return (Ints)((spread_words<bits>(from) >> shifts) & ((1u << bits) - 1));
  }
}

template <int bits>
void unpack(const uint8_t* from, int64_t count, float zero, float scale, float* to) {
  constexpr int kPerByte = 8 / bits;
  const Words shifts = lane_shifts<bits>();
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    store(to + i, (as_float(unpack_lanes<bits>(from + i / kPerByte, shifts)) - zero) * scale);
  }
  for (; i < count; ++i) {
    const int value = from[i / kPerByte] >> (i % kPerByte * bits) & ((1 << bits) - 1);
    to[i] = (static_cast<float>(value) - zero) * scale;
  }
}

float dot(const float* a, const float* b, int64_t n) {
  Floats sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    for (int v = 0; v < 4; ++v) sums[v] += load(a + i + v * kLanes) * load(b + i + v * kLanes);
  }
  float rest = 0;
  for (; i < n; ++i) rest += a[i] * b[i];
  return sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3])) + rest;
}

constexpr QuantizedRows kQuantizedRows = {byte_row<Sum>, byte_row<Product>, unpack<2>,
                                          unpack<4>,     unpack<8>,         dot};

}  // namespace

const QuantizedRows CONVOY_PER_ISA(quantized_rows) = kQuantizedRows;

}  // namespace convoy
