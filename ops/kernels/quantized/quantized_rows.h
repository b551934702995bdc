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

struct QuantizedRows {
  ByteRow add;       // (x - x_zero) · x_factor + (y - y_zero) · y_factor
  ByteRow multiply;  // (x - x_zero) · (y - y_zero) · x_factor

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
