#include "ops/kernels/quantized/quantized_rows.h"

#include "ops/kernels/simd/vector_bytes.h"
#include "runtime/device/per_isa.h"

namespace convoy {
namespace {

using namespace simd;

struct Sum {
  static Floats of(Floats x, Floats y, const ByteArithmetic& a) {
    return x * a.x_factor + y * a.y_factor;
  }
};
struct Product {
  static Floats of(Floats x, Floats y, const ByteArithmetic& a) { return x * y * a.x_factor; }
};

// round(value) + zero, saturated to 0 … 255; NaN becomes 0. The bounds are integers: clamping may
// come before rounding.
Ints quantize(Floats value, float zero) {
  value = max(value, splat(0.0f - zero));
  value = min(value, splat(255.0f - zero));
  const Ints rounded = (Ints)(value + kRounding) - kRoundingBits;
  return rounded + static_cast<int32_t>(zero);
}

template <typename F>
Ints combine(Ints x, Ints y, const ByteArithmetic& a) {
  const int flip = a.flip;
  return quantize(F::of(as_float(x ^ flip) - a.x_zero, as_float(y ^ flip) - a.y_zero, a), a.zero) ^
         flip;
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

void pair_bytes(const uint8_t* a, const uint8_t* b, int64_t n, const ByteZero& zero, int16_t* to) {
  const int32_t flip = zero.flip, less = zero.zero;
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Ints low = ((widen(a + i) ^ flip) - less) & 0xffff;
    const Ints high = b == nullptr ? Ints{} : (widen(b + i) ^ flip) - less;
    store_ints(to + 2 * i, low | (Ints)((Words)high << 16));
  }
  for (; i < n; ++i) {
    to[2 * i] = static_cast<int16_t>((a[i] ^ flip) - less);
    to[2 * i + 1] = b == nullptr ? int16_t{0} : static_cast<int16_t>((b[i] ^ flip) - less);
  }
}

// Vectors of pairs of 16-bit numbers, `stride` pairs apart.
Ints load_pairs(const int16_t* from, int64_t stride) {
  if (stride == 1) return load_ints(from);
  Ints pairs;
  if (stride == 2) {
    Ints even;
    for (int k = 0; k < kLanes; ++k) even[k] = 2 * k;
    return __builtin_shuffle(load_ints(from), load_ints(from + 2 * kLanes), even);
  }
  for (int k = 0; k < kLanes; ++k) {
    int32_t pair;
    __builtin_memcpy(&pair, from + 2 * k * stride, sizeof pair);
    pairs[k] = pair;
  }
  return pairs;
}

Ints repeated_pair(const int16_t* pair) {
  int32_t both;
  __builtin_memcpy(&both, pair, sizeof both);
  return Ints{} + both;
}

// Lane by lane, the sum of both products; factors are so small that it fits.
Ints multiply_pairs(Ints a, Ints b) {
#if defined(__AVX512BW__)
  return (Ints)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
  return (Ints)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#else
  const Ints low_a = (Ints)((Words)a << 16) >> 16, low_b = (Ints)((Words)b << 16) >> 16;
  return low_a * low_b + (a >> 16) * (b >> 16);
#endif
}

template <int vectors>
void dot_of_vectors(const int16_t* from, const int64_t* offsets, const int16_t* weights,
                    int64_t terms, int64_t stride, int32_t* sums) {
  Words totals[vectors] = {};
  for (int64_t t = 0; t < terms; ++t) {
    const Ints weight = repeated_pair(weights + 2 * t);
    const int16_t* pairs = from + 2 * offsets[t];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      totals[v] +=
          (Words)multiply_pairs(load_pairs(pairs + 2 * v * kLanes * stride, stride), weight);
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < vectors; ++v) store_ints(sums + v * kLanes, (Ints)totals[v]);
}

void dot_pairs(const int16_t* from, const int64_t* offsets, const int16_t* weights, int64_t terms,
               int64_t stride, int64_t n, int32_t* sums) {
  constexpr int kVectors = 4;
  int64_t i = 0;
  for (; i + kVectors * kLanes <= n; i += kVectors * kLanes) {
    dot_of_vectors<kVectors>(from + 2 * i * stride, offsets, weights, terms, stride, sums + i);
  }
  for (; i < n; i += kLanes) {
    dot_of_vectors<1>(from + 2 * i * stride, offsets, weights, terms, stride, sums + i);
  }
}

void requantize(const int32_t* sums, int64_t n, const Requantization& by, uint8_t* to) {
  const int32_t flip = by.zero.flip;
  const auto zero = static_cast<float>(by.zero.zero);
  const Words bias = Words{} + static_cast<uint32_t>(by.bias);
  const Floats one_factor = splat(*by.factors);
  auto vector = [&](int64_t i) {
    const auto sum = (Ints)((Words)load_ints(sums + i) + bias);
    const Floats factor = by.one_factor ? one_factor : load(by.factors + i);
    return quantize(as_float(sum) * factor, zero) ^ flip;
  };
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) narrow(vector(i), to + i);
  if (i == n) return;
  uint8_t last[kLanes];
  narrow(vector(i), last);
  for (int64_t k = i; k < n; ++k) to[k] = last[k - i];
}

constexpr QuantizedRows kQuantizedRows = {byte_row<Sum>, byte_row<Product>, pair_bytes,
                                          dot_pairs,     requantize,        unpack<2>,
                                          unpack<4>,     unpack<8>,         dot};

}  // namespace

const QuantizedRows CONVOY_PER_ISA(quantized_rows) = kQuantizedRows;

}  // namespace convoy
