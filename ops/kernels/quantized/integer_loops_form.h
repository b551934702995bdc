// The loops of integer_loops.h over whatever adds the products of a word to a sum. Everything lies
// in an unnamed namespace: each file gets a copy of its own, made under its flags.
#pragma once

#include "ops/kernels/quantized/integer_loops.h"
#include "ops/kernels/simd/vector_bytes.h"

namespace convoy {
namespace {

using namespace simd;

constexpr int kTileVectors = 2;
// As many sums as the registers hold, beside two vectors of the right factors and one of the left.
constexpr int kTileRows = kLanes == 16 ? 12 : kLanes == 8 ? 6 : 4;

CONVOY_INLINE Ints repeated(const uint32_t* word) { return Ints{} + static_cast<int32_t>(*word); }

// Vectors of words, `stride` words apart.
CONVOY_INLINE Ints load_words(const uint32_t* from, int64_t stride) {
  if (stride == 1) return load_ints(from);
  Ints words;
  if (stride == 2) {
    Ints even;
    for (int k = 0; k < kLanes; ++k) even[k] = 2 * k;
    return __builtin_shuffle(load_ints(from), load_ints(from + kLanes), even);
  }
  for (int k = 0; k < kLanes; ++k) words[k] = static_cast<int32_t>(from[k * stride]);
  return words;
}

// Add::add(sum, weights, others) adds the products of each lane's factors to its sum. Of a tile,
// the first `row_count` rows and `vectors` vectors of columns.
template <typename Add, bool weights_left, int row_count, int vectors>
void multiply_part(const uint32_t* a, const uint32_t* b, int64_t words, int32_t* sums) {
  Ints rows[row_count][vectors] = {};
  for (int64_t p = 0; p < words; ++p) {
    Ints right[vectors];
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) right[v] = load_ints(b + v * kLanes);
#pragma GCC unroll 12
    for (int i = 0; i < row_count; ++i) {
      const Ints left = repeated(a + i);
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) {
        if constexpr (weights_left) {
          Add::add(rows[i][v], left, right[v]);
        } else {
          Add::add(rows[i][v], right[v], left);
        }
      }
    }
    a += kTileRows;
    b += kTileVectors * kLanes;
  }
#pragma GCC unroll 12
  for (int i = 0; i < row_count; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      store_ints(sums + (i * kTileVectors + v) * kLanes, rows[i][v]);
    }
  }
}

// No more than is wanted, in thirds or halves of the rows and whole vectors.
template <typename Add, bool weights_left>
void multiply_tile(const uint32_t* a, const uint32_t* b, int64_t words, int64_t rows,
                   int64_t columns, int32_t* sums) {
  constexpr int kSome = kTileRows == 12 ? 4 : 2, kMore = 2 * kSome;
  const bool one = columns <= kLanes;
  if (rows <= kSome) {
    return one ? multiply_part<Add, weights_left, kSome, 1>(a, b, words, sums)
               : multiply_part<Add, weights_left, kSome, kTileVectors>(a, b, words, sums);
  }
  if (rows <= kMore) {
    return one ? multiply_part<Add, weights_left, kMore, 1>(a, b, words, sums)
               : multiply_part<Add, weights_left, kMore, kTileVectors>(a, b, words, sums);
  }
  return one ? multiply_part<Add, weights_left, kTileRows, 1>(a, b, words, sums)
             : multiply_part<Add, weights_left, kTileRows, kTileVectors>(a, b, words, sums);
}

template <typename Add, int vectors>
void dot_of_vectors(const uint32_t* from, const int64_t* offsets, const uint32_t* weights,
                    int64_t terms, int64_t stride, int32_t* sums) {
  Ints totals[vectors] = {};
  for (int64_t t = 0; t < terms; ++t) {
    const Ints weight = repeated(weights + t);
    const uint32_t* words = from + offsets[t];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      Add::add(totals[v], weight, load_words(words + v * kLanes * stride, stride));
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < vectors; ++v) store_ints(sums + v * kLanes, totals[v]);
}

template <typename Add>
void dot_words(const uint32_t* from, const int64_t* offsets, const uint32_t* weights, int64_t terms,
               int64_t stride, int64_t n, int32_t* sums) {
  constexpr int kVectors = 4;
  int64_t i = 0;
  for (; i + kVectors * kLanes <= n; i += kVectors * kLanes) {
    dot_of_vectors<Add, kVectors>(from + i * stride, offsets, weights, terms, stride, sums + i);
  }
  for (; i < n; i += kLanes) {
    dot_of_vectors<Add, 1>(from + i * stride, offsets, weights, terms, stride, sums + i);
  }
}

// Interleave::words(bytes, zero) gives kLanes words, where bytes(f) is those of line f, widened, or
// zeros where it is nullptr.
template <typename Interleave>
void interleave(const uint8_t* const* lines, int64_t n, const ByteZero& zero, uint32_t* to) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store_ints(to + i, Interleave::words(
                           [&](int f) __attribute__((always_inline)) {
                             return lines[f] == nullptr ? Ints{} : widen(lines[f] + i);
                           },
                           zero));
  }
  if (i == n) return;
  const int64_t left = n - i;
  store_ints_partial(reinterpret_cast<int32_t*>(to + i),
                     Interleave::words(
                         [&](int f) __attribute__((always_inline)) {
                           return lines[f] == nullptr ? Ints{} : widen_partial(lines[f] + i, left);
                         },
                         zero),
                     left);
}

struct InterleavePairs {
  static constexpr int kFactors = 2;
  template <typename Bytes>
  CONVOY_INLINE static Ints words(const Bytes& bytes, const ByteZero& zero) {
    const int32_t flip = zero.flip, less = zero.zero;
    const Ints low = (bytes(0) ^ flip) - less, high = (bytes(1) ^ flip) - less;
    return (low & 0xffff) | (Ints)((Words)high << 16);
  }
};

void gather_words(const uint32_t* from, const int64_t* offsets, int64_t words, const WordRun* runs,
                  int64_t run_count, int64_t stride, uint32_t* to) {
  constexpr int64_t kColumns = kTileVectors * kLanes;
  if (run_count == 1 && runs[0].count == kColumns && stride == 1) {
    for (int64_t p = 0; p < words; ++p, to += kColumns) {
      const uint32_t* source = from + offsets[p] + runs[0].from;
      for (int v = 0; v < kTileVectors; ++v) {
        store_ints(to + v * kLanes, load_ints(source + v * kLanes));
      }
    }
    return;
  }
  for (int64_t p = 0; p < words; ++p, to += kColumns) {
    uint32_t* place = to;
    for (const WordRun* run = runs; run != runs + run_count; ++run) {
      const uint32_t* source = from + offsets[p] + run->from;
      for (int64_t i = 0; i < run->count; i += kLanes) {
        store_ints(place + i, load_words(source + i * stride, stride));
      }
      place += run->count;
    }
  }
}

template <typename Add, typename Interleave>
constexpr IntegerLoops loops_of() {
  return {
      Interleave::kFactors,      kTileRows,      kTileVectors * kLanes,  multiply_tile<Add, true>,
      multiply_tile<Add, false>, dot_words<Add>, interleave<Interleave>, gather_words};
}

}  // namespace
}  // namespace convoy
