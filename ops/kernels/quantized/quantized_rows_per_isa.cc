#include "ops/kernels/quantized/quantized_rows.h"

#include <algorithm>

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

// So many vectors become bytes at once.
constexpr int kAtOnce = 4;
constexpr int64_t kBytesAtOnce = kAtOnce * kLanes;

// Bytes of round(value) + zero, saturated to 0 … 255, with the flip; NaN becomes the lowest.
class ToBytes {
 public:
#if defined(__AVX512BW__)
  explicit ToBytes(const ByteZero& zero)
      : zeros_(_mm512_set1_epi16(static_cast<int16_t>(zero.zero))),
        flips_(_mm512_set1_epi8(static_cast<char>(zero.flip))) {}

  // The first `count` > 0 of the values of kAtOnce vectors.
  CONVOY_INLINE void store(const Floats* values, int64_t count, uint8_t* to) const {
    if (count >= kBytesAtOnce) return _mm512_storeu_si512(to, bytes_of(values));
    _mm512_mask_storeu_epi8(to, (uint64_t{1} << count) - 1, bytes_of(values));
  }
  // `count` of the first half and as many of the second.
  CONVOY_INLINE void store_halves(const Floats* values, int64_t count, uint8_t* first,
                                  uint8_t* second) const {
    const __m512i bytes = bytes_of(values);
    const auto mask = static_cast<__mmask32>((uint64_t{1} << count) - 1);
    _mm256_mask_storeu_epi8(first, mask, _mm512_maskz_extracti64x4_epi64(0xf, bytes, 0));
    _mm256_mask_storeu_epi8(second, mask, _mm512_maskz_extracti64x4_epi64(0xf, bytes, 1));
  }

 private:
  CONVOY_INLINE __m512i bytes_of(const Floats* values) const {
    __m512i rounded[kAtOnce];
    // What is too large for an integer would become the lowest.
    for (int v = 0; v < kAtOnce; ++v) {
      rounded[v] = _mm512_maskz_cvtps_epi32(0xffff, (__m512)min(splat(1e9f), values[v]));
    }
    const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(rounded[0], rounded[1]), zeros_);
    const __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(rounded[2], rounded[3]), zeros_);
    const __m512i order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
    const __m512i bytes =
        _mm512_maskz_permutexvar_epi32(0xffff, order, _mm512_packus_epi16(low, high));
    return _mm512_xor_si512(bytes, flips_);
  }

  __m512i zeros_, flips_;
#elif defined(__AVX2__)
  explicit ToBytes(const ByteZero& zero)
      : zeros_(_mm256_set1_epi16(static_cast<int16_t>(zero.zero))),
        flips_(_mm256_set1_epi8(static_cast<char>(zero.flip))) {}

  CONVOY_INLINE void store(const Floats* values, int64_t count, uint8_t* to) const {
    if (count >= kBytesAtOnce) {
      return _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), bytes_of(values));
    }
    alignas(32) uint8_t all[kBytesAtOnce];
    _mm256_store_si256(reinterpret_cast<__m256i*>(all), bytes_of(values));
    for (int64_t k = 0; k < count; ++k) to[k] = all[k];
  }
  CONVOY_INLINE void store_halves(const Floats* values, int64_t count, uint8_t* first,
                                  uint8_t* second) const {
    alignas(32) uint8_t all[kBytesAtOnce];
    _mm256_store_si256(reinterpret_cast<__m256i*>(all), bytes_of(values));
    if (count == kBytesAtOnce / 2) {
      __builtin_memcpy(first, all, kBytesAtOnce / 2);
      __builtin_memcpy(second, all + kBytesAtOnce / 2, kBytesAtOnce / 2);
      return;
    }
    for (int64_t k = 0; k < count; ++k) first[k] = all[k];
    for (int64_t k = 0; k < count; ++k) second[k] = all[kBytesAtOnce / 2 + k];
  }

 private:
  CONVOY_INLINE __m256i bytes_of(const Floats* values) const {
    __m256i rounded[kAtOnce];
    for (int v = 0; v < kAtOnce; ++v) {
      rounded[v] = _mm256_cvtps_epi32((__m256)min(splat(1e9f), values[v]));
    }
    const __m256i low = _mm256_adds_epi16(_mm256_packs_epi32(rounded[0], rounded[1]), zeros_);
    const __m256i high = _mm256_adds_epi16(_mm256_packs_epi32(rounded[2], rounded[3]), zeros_);
    const __m256i order = _mm256_set_epi32(7, 3, 6, 2, 5, 1, 4, 0);
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order);
    return _mm256_xor_si256(bytes, flips_);
  }

  __m256i zeros_, flips_;
#else
  explicit ToBytes(const ByteZero& zero) : zero_(static_cast<float>(zero.zero)), flip_(zero.flip) {}

  void store(const Floats* values, int64_t count, uint8_t* to) const {
    uint8_t bytes[kBytesAtOnce];
    for (int v = 0; v < kAtOnce; ++v) narrow(quantize(values[v]) ^ flip_, bytes + v * kLanes);
    for (int64_t k = 0; k < std::min(count, kBytesAtOnce); ++k) to[k] = bytes[k];
  }
  void store_halves(const Floats* values, int64_t count, uint8_t* first, uint8_t* second) const {
    uint8_t bytes[kBytesAtOnce];
    store(values, kBytesAtOnce, bytes);
    for (int64_t k = 0; k < count; ++k) first[k] = bytes[k];
    for (int64_t k = 0; k < count; ++k) second[k] = bytes[kBytesAtOnce / 2 + k];
  }

 private:
  // The bounds are integers: clamping may come before rounding.
  Ints quantize(Floats value) const {
    value = max(value, splat(0.0f - zero_));
    value = min(value, splat(255.0f - zero_));
    const Ints rounded = (Ints)(value + kRounding) - kRoundingBits;
    return rounded + static_cast<int32_t>(zero_);
  }

  float zero_;
  int32_t flip_;
#endif
};

template <typename F>
void byte_row(const uint8_t* x, const uint8_t* y, bool y_repeats, uint8_t* z, int64_t n,
              const ByteArithmetic& a) {
  const int flip = a.flip;
  ByteZero zero;
  zero.zero = static_cast<int32_t>(a.zero);
  zero.flip = a.flip;
  const ToBytes to_bytes(zero);
  auto arithmetic = [&](Ints left, Ints right) __attribute__((always_inline)) {
    return F::of(as_float(left ^ flip) - a.x_zero, as_float(right ^ flip) - a.y_zero, a);
  };
  const Ints one = Ints{} + *y;
  int64_t i = 0;
  Floats values[kAtOnce] = {};
  for (; i + kBytesAtOnce <= n; i += kBytesAtOnce) {
#pragma GCC unroll 4
    for (int v = 0; v < kAtOnce; ++v) {
      const int64_t at = i + v * kLanes;
      values[v] = arithmetic(widen(x + at), y_repeats ? one : widen(y + at));
    }
    to_bytes.store(values, kBytesAtOnce, z + i);
  }
  for (; i < n; i += kLanes) {
    const int64_t left = std::min<int64_t>(n - i, kLanes);
    const bool whole = left == kLanes;
    const Ints first = whole ? widen(x + i) : widen_partial(x + i, left);
    const Ints second = y_repeats ? one : whole ? widen(y + i) : widen_partial(y + i, left);
    values[0] = arithmetic(first, second);
    to_bytes.store(values, left, z + i);
  }
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

// What sums become, before they are rounded.
template <bool by_column>
struct Rescaled {
  const float* factors;
  const int32_t* biases;  // or nullptr
  Floats factor;
  Ints bias;

  Rescaled(const Requantization& by, int64_t row)
      : factors(by.factors + row),
        biases(by.biases == nullptr ? nullptr : by.biases + row),
        factor(Floats{} + *factors),
        bias(Ints{} + (biases == nullptr ? 0 : *biases)) {}

  CONVOY_INLINE Floats at(const int32_t* sums, int64_t i) const {
    const Ints added = by_column && biases != nullptr ? load_ints(biases + i) : bias;
    const auto sum = (Ints)((Words)load_ints(sums + i) + (Words)added);
    return as_float(sum) * (by_column ? load(factors + i) : factor);
  }
};

template <bool by_column>
void requantize_rows(const SumsToBytes& s, const Requantization& by) {
  const ToBytes to_bytes(by.zero);
  auto rescaled = [&](int64_t row) {
    return Rescaled<by_column>(by, by.of == Requantization::Of::kRow ? row : 0);
  };
  int64_t row = 0;
  // Two short rows at a time.
  for (; s.columns <= kBytesAtOnce / 2 && row + 2 <= s.rows; row += 2) {
    Floats values[kAtOnce] = {};
#pragma GCC unroll 2
    for (int r = 0; r < 2; ++r) {
      const auto one = rescaled(row + r);
      const int32_t* sums = s.sums + (row + r) * s.pitch;
      values[2 * r] = one.at(sums, 0);
      if (s.columns > kLanes) values[2 * r + 1] = one.at(sums, kLanes);
    }
    uint8_t* to = s.bytes + row * s.byte_pitch;
    to_bytes.store_halves(values, s.columns, to, to + s.byte_pitch);
  }
  for (; row < s.rows; ++row) {
    const auto one = rescaled(row);
    for (int64_t i = 0; i < s.columns; i += kBytesAtOnce) {
      Floats values[kAtOnce] = {};
#pragma GCC unroll 4
      for (int v = 0; v < kAtOnce; ++v) {
        const int64_t at = i + v * kLanes;
        if (at < s.columns) values[v] = one.at(s.sums + row * s.pitch, at);
      }
      to_bytes.store(values, s.columns - i, s.bytes + row * s.byte_pitch + i);
    }
  }
}

void requantize(const SumsToBytes& s, const Requantization& by) {
  by.of == Requantization::Of::kColumn ? requantize_rows<true>(s, by)
                                       : requantize_rows<false>(s, by);
}

void scale_sums(const SumsToFloats& s) {
  for (int64_t row = 0; row < s.rows; ++row) {
    const int32_t* sums = s.sums + row * s.pitch;
    float* to = s.to + row * s.to_pitch;
    for (int64_t i = 0; i < s.columns; i += kLanes) {
      const Words added = s.corrections == nullptr ? Words{} : (Words)load_ints(s.corrections + i);
      Floats value = as_float((Ints)((Words)load_ints(sums + i) + added)) * load(s.factors + i);
      if (s.biases != nullptr) value += load(s.biases + i);
      const int64_t left = s.columns - i;
      if (left >= kLanes) {
        store(to + i, value);
      } else {
        store_partial(to + i, value, left);
      }
    }
  }
}

void quantize(const float* x, int64_t n, float scale, const ByteZero& zero, uint8_t* to) {
  const ToBytes to_bytes(zero);
  for (int64_t i = 0; i < n; i += kBytesAtOnce) {
    Floats values[kAtOnce] = {};
#pragma GCC unroll 4
    for (int v = 0; v < kAtOnce; ++v) {
      const int64_t at = i + v * kLanes, left = n - at;
      if (left <= 0) continue;
      values[v] = (left >= kLanes ? load(x + at) : load_partial(x + at, left)) / scale;
    }
    to_bytes.store(values, n - i, to + i);
  }
}

void extremes(const float* x, int64_t n, float* low, float* high) {
  Floats lows = splat(*low), highs = splat(*high);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    lows = min(load(x + i), lows);
    highs = max(load(x + i), highs);
  }
  for (int k = 0; k < kLanes; ++k) {
    *low = std::min(*low, lows[k]);
    *high = std::max(*high, highs[k]);
  }
  for (; i < n; ++i) {
    if (x[i] < *low) *low = x[i];
    if (x[i] > *high) *high = x[i];
  }
}

void look_up(const uint8_t* table, const uint8_t* x, int64_t n, uint8_t* to) {
  int64_t i = 0;
#if defined(__AVX512BW__)
  // Sixteen bytes of the table at a time, for the elements whose upper half says so.
  const __m512i half = _mm512_set1_epi8(0x0f);
  for (; i + 64 <= n; i += 64) {
    const __m512i bytes = _mm512_loadu_si512(x + i);
    const __m512i low = _mm512_and_si512(bytes, half);
    const __m512i high = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), half);
    __m512i found = _mm512_setzero_si512();
    for (int h = 0; h < 16; ++h) {
      const __m512i part = _mm512_maskz_broadcast_i32x4(
          0xffff, _mm_loadu_si128(reinterpret_cast<const __m128i*>(table + 16 * h)));
      const __mmask64 here = _mm512_cmpeq_epi8_mask(high, _mm512_set1_epi8(static_cast<char>(h)));
      found = _mm512_mask_shuffle_epi8(found, here, part, low);
    }
    _mm512_storeu_si512(to + i, found);
  }
#endif
  for (; i < n; ++i) to[i] = table[x[i]];
}

// The last vector of a row is moved back to end with it: what it repeats stays the same.
template <typename T>
void max_of_bytes(const T* a, const T* b, int64_t n, T* to) {
  constexpr int64_t kBytes = CONVOY_VECTOR_BYTES;
  typedef T Bytes __attribute__((vector_size(CONVOY_VECTOR_BYTES)));
  typedef Bytes UnalignedBytes __attribute__((aligned(1), may_alias));
  for (int64_t next = 0; n >= kBytes && next < n; next += kBytes) {
    const int64_t i = std::min(next, n - kBytes);
    const Bytes left = *reinterpret_cast<const UnalignedBytes*>(a + i);
    const Bytes right = *reinterpret_cast<const UnalignedBytes*>(b + i);
    *reinterpret_cast<UnalignedBytes*>(to + i) = left > right ? left : right;
  }
  for (int64_t i = 0; n < kBytes && i < n; ++i) to[i] = std::max(a[i], b[i]);
}

constexpr QuantizedRows kQuantizedRows = {
    byte_row<Sum>, byte_row<Product>,     requantize,           scale_sums, quantize,  extremes,
    look_up,       max_of_bytes<uint8_t>, max_of_bytes<int8_t>, unpack<2>,  unpack<4>, unpack<8>,
    dot,
};

}  // namespace

const QuantizedRows CONVOY_PER_ISA(quantized_rows) = kQuantizedRows;

}  // namespace convoy
