#include "ops/kernels/gemm/integer_gemm.h"

#include <algorithm>

namespace convoy::kernels {

IntegerGemm::IntegerGemm(int64_t m, int64_t n, int64_t k, int64_t rows, Isa isa)
    : m_(m),
      n_(n),
      k_(k),
      tile_(integer_tile(isa)),
      pairs_((k + 1) / 2),
      rows_((std::max<int64_t>(rows, 1) + tile_.rows - 1) / tile_.rows * tile_.rows) {}

int64_t IntegerGemm::row_count(int64_t block) const {
  return std::min(rows_, m_ - first_row(block));
}

}  // namespace convoy::kernels
