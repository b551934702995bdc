#include "ops/kernels/quantized/integer_gemm.h"

#include <cstring>

namespace convoy::kernels {

IntegerGemm::IntegerGemm(int64_t m, int64_t n, int64_t k, int64_t rows, const IntegerLoops& loops)
    : m_(m),
      n_(n),
      k_(k),
      loops_(loops),
      words_(divide_up(k, loops.factors)),
      rows_(divide_up(std::max<int64_t>(rows, 1), loops.rows) * loops.rows) {}

void IntegerGemm::correct(const uint32_t* packed, const ByteZero& zero, const int32_t* biases,
                          int32_t* corrections) const {
  const uint32_t* sums = packed + panels() * loops_.columns * words_;
  for (int64_t j = 0; j < n_; ++j) {
    const auto bias = static_cast<uint32_t>(biases == nullptr ? 0 : biases[j]);
    const auto correction = static_cast<uint32_t>(loops_.correction(zero, sums[j]));
    corrections[j] = static_cast<int32_t>(bias + correction);
  }
}

// Word by word of each row, to where the tile wants them; rows that are not there stay 0.
void IntegerGemm::pack_rows(const uint8_t* a, int64_t rows, const ByteZero& zero,
                            uint32_t* block) const {
  const int64_t whole = k_ / loops_.factors;
  const uint32_t flip = zero.flip * 0x01010101u;
  auto pair = [&](const uint8_t* from, int64_t count) {
    uint32_t word = 0;
    for (int64_t place = 0; place < count; ++place) {
      const int32_t factor = (from[place] ^ zero.flip) - zero.zero;
      word |= (static_cast<uint32_t>(factor) & 0xffff) << (16 * place);
    }
    return word;
  };
  auto quad = [&](const uint8_t* from, int64_t count) {
    uint32_t word = 0;
    std::memcpy(&word, from, static_cast<size_t>(count));
    return word ^ flip;
  };
  auto pack = [&](int64_t count, const auto& word_of) {
    for (int64_t i = 0; i < rows; ++i) {
      uint32_t* to = block + i / loops_.rows * loops_.rows * words_ + i % loops_.rows;
      const uint8_t* from = a + i * k_;
      for (int64_t p = 0; p < whole; ++p, from += count, to += loops_.rows) {
        *to = word_of(from, count);
      }
      if (whole < words_) *to = word_of(from, k_ - whole * count);
    }
  };
  if (rows % loops_.rows != 0) {
    std::fill_n(block + rows / loops_.rows * loops_.rows * words_, loops_.rows * words_, 0u);
  }
  if (loops_.factors == 4) {
    pack(4, quad);
  } else {
    pack(2, pair);
  }
}

}  // namespace convoy::kernels
