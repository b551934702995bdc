// Products of matrices of 8-bit integers in 32 bits, with B packed in panels of columns.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ops/kernels/quantized/integer_loops.h"

namespace convoy::kernels {

// Sums of the rows of a block from `row` on, and of the columns from `column` on.
struct IntegerSums {
  int64_t row, rows, column, columns;
  const int32_t* sums;
  int64_t pitch;
};

// y[i, j] = sum over p < k of a[i, p] · b[p, j], where both are 8-bit integers less their zero
// points and B is constant. Immutable and thread-safe. Sums wrap around, as integers of 32 bits do.
// Sizes are of words.
class IntegerGemm {
 public:
  // `rows`: most rows of a block, which a thread packs at once.
  IntegerGemm(int64_t m, int64_t n, int64_t k, int64_t rows, const IntegerLoops& loops);

  int64_t block_count() const { return divide_up(m_, rows_); }
  int64_t first_row(int64_t block) const { return block * rows_; }
  int64_t row_count(int64_t block) const { return std::min(rows_, m_ - first_row(block)); }

  // Of B, and the sums that `correct` needs.
  int64_t packed_size() const { return panels() * loops_.columns * (words_ + 1); }
  // b(p, j) gives a factor, less its zero point.
  template <typename B>
  void pack(const B& b, uint32_t* packed) const {
    const int64_t bits = 32 / loops_.factors;
    const uint32_t mask = (1u << bits) - 1;
    std::fill_n(packed, packed_size(), 0u);
    uint32_t* sums = packed + panels() * loops_.columns * words_;
    for (int64_t p = 0; p < k_; ++p) {
      const int64_t shift = p % loops_.factors * bits;
      for (int64_t first = 0; first < n_; first += loops_.columns) {
        uint32_t* to = packed + first * words_ + p / loops_.factors * loops_.columns;
        for (int64_t j = first; j < std::min(first + loops_.columns, n_); ++j) {
          const auto factor = static_cast<uint32_t>(int32_t{b(p, j)});
          to[j - first] |= (factor & mask) << shift;
          sums[j] += factor;
        }
      }
    }
  }
  // Is there something to be added to the sums of a column?
  bool needs_correction() const { return !loops_.takes_zero_off(); }
  // What it is, for each column, with its bias; nullptr for none.
  void correct(const uint32_t* packed, const ByteZero& zero, const int32_t* biases,
               int32_t* corrections) const;

  // What the rows of a block take.
  int64_t block_size() const { return rows_ * words_; }
  // Rows of A from `a` on; `a` has k columns.
  void pack_rows(const uint8_t* a, int64_t rows, const ByteZero& zero, uint32_t* block) const;

  // store(const IntegerSums&) gets a tile of sums after the other.
  template <typename Store>
  void multiply(const uint32_t* block, int64_t row_count, const uint32_t* packed,
                const Store& store) const {
    alignas(64) int32_t sums[kMostTileRows * kMostTileColumns];
    for (int64_t panel = 0; panel < panels(); ++panel) {
      const int64_t column = panel * loops_.columns;
      const int64_t columns = std::min(loops_.columns, n_ - column);
      const uint32_t* b = packed + panel * words_ * loops_.columns;
      for (int64_t first = 0; first < row_count; first += loops_.rows) {
        const int64_t rows = std::min(loops_.rows, row_count - first);
        loops_.times_weights(block + first * words_, b, words_, rows, columns, sums);
        store(IntegerSums{first, rows, column, columns, sums, loops_.columns});
      }
    }
  }

 private:
  int64_t panels() const { return divide_up(n_, loops_.columns); }

  const int64_t m_, n_, k_;
  const IntegerLoops& loops_;
  const int64_t words_;
  const int64_t rows_;
};

}  // namespace convoy::kernels
