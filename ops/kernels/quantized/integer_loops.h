// The innermost loops of products of 8-bit integers, summed in 32 bits. Factors stand in words of
// 32 bits: two of 16 bits, or four bytes where the processor has instructions for them.
#pragma once

#include <cstdint>

#include "runtime/base/divide_up.h"
#include "runtime/device/per_isa.h"

namespace convoy {

// What stands for 0 among bytes: byte ^ flip less `zero`, flip 0x80 for int8 and 0 for uint8.
struct ByteZero {
  uint8_t flip = 0;
  int32_t zero = 0;  // from 0 to 255

  ByteZero() = default;
  // value: of the type itself, from -128 to 127 if it is signed.
  ByteZero(bool is_signed, int32_t value)
      : flip(is_signed ? 0x80 : 0), zero(is_signed ? value + 128 : value) {}
};

// Words that lie side by side.
struct WordRun {
  int64_t from, count;
};

// Weights are less their zero points. What they are multiplied with is so in words of two; in words
// of four it is unsigned, and its zero point is still in it: each sum is too large by that, times
// the sum of its weights. Sums wrap around.
struct IntegerLoops {
  int64_t factors;        // of a word
  int64_t rows, columns;  // of a tile

  bool takes_zero_off() const { return factors == 2; }
  // Into a word that is 0 there.
  void put(int32_t factor, int64_t place, uint32_t& word) const {
    const int64_t bits = 32 / factors;
    word |= (static_cast<uint32_t>(factor) & ((1u << bits) - 1)) << (place * bits);
  }
  // What is to be added to a sum of products with weights that come to `weights`.
  int32_t correction(const ByteZero& zero, uint32_t weights) const {
    if (takes_zero_off()) return 0;
    return static_cast<int32_t>(0u - static_cast<uint32_t>(zero.zero) * weights);
  }
  // A word of nothing but padding.
  uint32_t padding(const ByteZero& zero) const {
    return takes_zero_off() ? 0 : static_cast<uint32_t>(zero.zero) * 0x01010101u;
  }

  // sums[i][j] = sum over p < words of the products of the factors in a[p][i] and b[p][j], for i <
  // row_count and j < column_count at the least; a, b and sums are of whole tiles. a holds the
  // weights, or b does.
  using Multiply = void (*)(const uint32_t* a, const uint32_t* b, int64_t words, int64_t row_count,
                            int64_t column_count, int32_t* sums);
  Multiply weights_times, times_weights;
  // sums[i] = sum over t < terms of weights[t] times the word at from + offsets[t] + i · stride, i
  // < n. Reads and writes as if n were kVectorSlack more.
  void (*dot)(const uint32_t* from, const int64_t* offsets, const uint32_t* weights, int64_t terms,
              int64_t stride, int64_t n, int32_t* sums);
  // Word i takes byte i of each of `lines`, as many as it has factors; nullptr where the weights
  // are 0.
  void (*interleave)(const uint8_t* const* lines, int64_t n, const ByteZero& zero, uint32_t* to);
  // Row p of to[words][columns] takes the words of all runs, `stride` apart, from offsets[p] on.
  // Reads, and writes behind the last row, as if runs were kVectorSlack longer.
  void (*gather)(const uint32_t* from, const int64_t* offsets, int64_t words, const WordRun* runs,
                 int64_t run_count, int64_t stride, uint32_t* to);
};

inline constexpr int64_t kMostTileRows = 12;
inline constexpr int64_t kMostTileColumns = 32;
inline constexpr int64_t kMostFactors = 4;

// Sums and factors are read, and sums of words written, up to a whole vector: so many numbers
// behind the last must be there.
inline constexpr int64_t kVectorSlack = 15;

// Of words of two factors, from -255 to 255.
const IntegerLoops& integer_pairs(Isa isa);
// Of words of four, weights from -128 to 127; nullptr where there are no instructions for them.
const IntegerLoops* integer_quads(Isa isa);

CONVOY_DECLARE_PER_ISA(extern const IntegerLoops, integer_pairs);
#if defined(__x86_64__)
extern const IntegerLoops integer_pairs_avx512vnni, integer_quads_avx512vnni;
#endif

}  // namespace convoy
