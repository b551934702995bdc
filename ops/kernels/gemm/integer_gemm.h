// Products of matrices of 8-bit integers in 32 bits, with B packed in panels of columns.
#pragma once

#include <cstdint>

#include "ops/kernels/gemm/integer_tile.h"

namespace convoy::kernels {

// Sums of the rows of a block from `row` on, and of the columns from `column` on.
struct IntegerSums {
  int64_t row, rows, column, columns;
  const int32_t* sums;
  int64_t pitch;

  // Those of row `row` + i.
  const int32_t* at(int64_t i) const { return sums + i * pitch; }
};

// y[i, j] = sum over p < k of a[i, p] · b[p, j], of factors from -255 to 255: 8-bit integers less
// their zero points. Immutable and thread-safe. Sums wrap around, as integers of 32 bits do.
class IntegerGemm {
 public:
  // `rows`: most rows of a block, which a thread packs at once.
  IntegerGemm(int64_t m, int64_t n, int64_t k, int64_t rows, Isa isa);

  int64_t block_count() const { return m_ == 0 ? 0 : (m_ + rows_ - 1) / rows_; }
  int64_t first_row(int64_t block) const { return block * rows_; }
  int64_t row_count(int64_t block) const;

  // Numbers of 16 bits that B takes when it is packed.
  int64_t packed_size() const { return panels() * pairs_ * 2 * tile_.columns; }
  // b(p, j) gives a factor.
  template <typename B>
  void pack(const B& b, int16_t* packed) const {
    for (int64_t panel = 0; panel < panels(); ++panel) {
      for (int64_t p = 0; p < 2 * pairs_; ++p) {
        for (int64_t j = 0; j < tile_.columns; ++j) {
          const int64_t column = panel * tile_.columns + j;
          const bool inside = p < k_ && column < n_;
          packed[((panel * pairs_ + p / 2) * tile_.columns + j) * 2 + p % 2] =
              inside ? static_cast<int16_t>(b(p, column)) : int16_t{0};
        }
      }
    }
  }

  // Numbers of 16 bits that the rows of a block take.
  int64_t block_size() const { return rows_ * 2 * pairs_; }
  // Where factor p of row i of the block stands among them; rows that the block does not have, and
  // factor k where k is odd, are to be 0.
  int64_t place(int64_t i, int64_t p) const {
    return ((i / tile_.rows * pairs_ + p / 2) * tile_.rows + i % tile_.rows) * 2 + p % 2;
  }
  int64_t step_of_pair() const { return 2 * tile_.rows; }

  // store(const IntegerSums&) gets a tile of sums after the other.
  template <typename Store>
  void multiply(const int16_t* block, int64_t row_count, const int16_t* packed,
                const Store& store) const {
    alignas(64) int32_t sums[kMostTileRows * kMostTileColumns];
    for (int64_t panel = 0; panel < panels(); ++panel) {
      const int64_t column = panel * tile_.columns;
      const int64_t columns = n_ - column < tile_.columns ? n_ - column : tile_.columns;
      const int16_t* b = packed + panel * pairs_ * 2 * tile_.columns;
      for (int64_t first = 0; first < row_count; first += tile_.rows) {
        tile_.multiply(block + first * 2 * pairs_, b, pairs_, sums);
        const int64_t rows = row_count - first < tile_.rows ? row_count - first : tile_.rows;
        store(IntegerSums{first, rows, column, columns, sums, tile_.columns});
      }
    }
  }

 private:
  int64_t panels() const { return (n_ + tile_.columns - 1) / tile_.columns; }

  const int64_t m_, n_, k_;
  const IntegerTile& tile_;
  const int64_t pairs_;
  const int64_t rows_;
};

}  // namespace convoy::kernels
