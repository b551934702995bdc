// Rows of small integers as float32 and back, by instruction set.
#pragma once

#include <cstdint>

#include "ops/kernels/quantized/integer_loops.h"
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

// From sums to bytes: saturate(round((sum + bias) · factor) + zero), half to even; NaN becomes the
// lowest. Biases are added as integers of 32 bits wrap around.
struct Requantization {
  enum class Of { kAll, kRow, kColumn };
  Of of;  // all have one factor and one bias, or each row or column its own
  const float* factors;
  const int32_t* biases;  // nullptr: 0
  ByteZero zero;
};

// Rows of sums, from each of which the next is `pitch` away, in their place among the bytes too.
struct SumsToBytes {
  const int32_t* sums;
  int64_t pitch;
  uint8_t* bytes;
  int64_t byte_pitch;
  int64_t rows, columns;
};

// From sums to floats: (sum + correction) · factor + bias. Each column has its own; nullptr: 0.
struct SumsToFloats {
  const int32_t* sums;
  int64_t pitch;
  float* to;
  int64_t to_pitch;
  int64_t rows, columns;
  const float* factors;
  const int32_t* corrections;
  const float* biases;
};

struct QuantizedRows {
  ByteRow add;       // (x - x_zero) · x_factor + (y - y_zero) · y_factor
  ByteRow multiply;  // (x - x_zero) · (y - y_zero) · x_factor

  void (*requantize)(const SumsToBytes& sums, const Requantization& by);
  // Factors, corrections and biases are read up to a whole vector too.
  void (*scale)(const SumsToFloats& sums);

  // to[i] = saturate(round(x[i] / scale) + zero), half to even; NaN becomes the lowest.
  void (*quantize)(const float* x, int64_t n, float scale, const ByteZero& zero, uint8_t* to);
  // Lowers `low` and raises `high` to those of x. NaN counts as nothing.
  void (*extremes)(const float* x, int64_t n, float* low, float* high);

  // to[i] = table[x[i]] for i < n, of 256 bytes; `to` may be x.
  void (*look_up)(const uint8_t* table, const uint8_t* x, int64_t n, uint8_t* to);
  // to[i] = max(a[i], b[i]) for i < n; `to` may be a.
  void (*max_uint8)(const uint8_t* a, const uint8_t* b, int64_t n, uint8_t* to);
  void (*max_int8)(const int8_t* a, const int8_t* b, int64_t n, int8_t* to);

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
