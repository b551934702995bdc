// Rows of small integers as float32 and back, by instruction set.
#pragma once

#include <cstdint>

#include "runtime/device/per_isa.h"

namespace convoy {

// Of uint8; int8 with `flip` 0x80 in place of 0 and zero points that are 128 higher.
struct ByteArithmetic {
  float x_zero, y_zero;
  float x_factor, y_factor;  // of a sum; a product has x_factor alone
  float zero;                // of the result
  uint8_t flip;
};

// z = saturate(round(f(x - x_zero, y - y_zero)) + zero), half to even, for n elements. y is one
// element if y_repeats. z may be x or y.
using ByteRow = void (*)(const uint8_t* x, const uint8_t* y, bool y_repeats, uint8_t* z, int64_t n,
                         const ByteArithmetic& arithmetic);

// What stands for 0 among bytes: byte ^ flip less `zero`, flip 0x80 for int8 and 0 for uint8.
struct ByteZero {
  uint8_t flip = 0;
  int32_t zero = 0;  // from 0 to 255

  ByteZero() = default;
  // value: of the type itself, from -128 to 127 if it is signed.
  ByteZero(bool is_signed, int32_t value)
      : flip(is_signed ? 0x80 : 0), zero(is_signed ? value + 128 : value) {}
};

// Sums and factors are read, and sums of pairs written, up to a whole vector: so many numbers
// behind the last must be there.
inline constexpr int64_t kVectorSlack = 15;

// From sums to bytes: saturate(round((sum + bias) · factor) + zero), half to even; NaN becomes the
// lowest. bias is added as integers of 32 bits wrap around.
struct Requantization {
  const float* factors;
  bool one_factor;  // or one for each sum
  int32_t bias;
  ByteZero zero;
};

struct QuantizedRows {
  ByteRow add;       // (x - x_zero) · x_factor + (y - y_zero) · y_factor
  ByteRow multiply;  // (x - x_zero) · (y - y_zero) · x_factor

  // to[2i] = a[i] and to[2i + 1] = b[i], both less the zero; 0 in place of b where that is null.
  void (*pair_bytes)(const uint8_t* a, const uint8_t* b, int64_t n, const ByteZero& zero,
                     int16_t* to);
  // sums[i] = sum over t < terms of the pair weights[2t] times the pair at from + 2 · (offsets[t] +
  // i · stride), i < n. Reads and writes as if n were kVectorSlack more.
  void (*dot_pairs)(const int16_t* from, const int64_t* offsets, const int16_t* weights,
                    int64_t terms, int64_t stride, int64_t n, int32_t* sums);
  void (*requantize)(const int32_t* sums, int64_t n, const Requantization& by, uint8_t* to);

  // to[i] = (q[i] - zero) · scale for i < count, of 2, 4 or 8 bits, the lowest bits first. Reads
  // (count · bits + 7) / 8 bytes.
  void (*unpack2)(const uint8_t* from, int64_t count, float zero, float scale, float* to);
  void (*unpack4)(const uint8_t* from, int64_t count, float zero, float scale, float* to);
  void (*unpack8)(const uint8_t* from, int64_t count, float zero, float scale, float* to);

  float (*dot)(const float* a, const float* b, int64_t n);
};

const QuantizedRows& quantized_rows(Isa isa);

CONVOY_DECLARE_PER_ISA(extern const QuantizedRows, quantized_rows);

}  // namespace convoy
