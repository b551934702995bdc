#include "ops/kernels/quantized/integer_loops.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace convoy {
namespace {

struct NamedLoops {
  std::string name;
  const IntegerLoops* loops;
};

std::vector<NamedLoops> all_loops() {
  std::vector<NamedLoops> all;
  for (Isa isa : {Isa::kGeneric, Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Vnni}) {
    if (isa > best_isa()) continue;
    all.push_back({"pairs, " + std::string(to_string(isa)), &integer_pairs(isa)});
    if (const IntegerLoops* quads = integer_quads(isa)) {
      all.push_back({"quads, " + std::string(to_string(isa)), quads});
    }
  }
  return all;
}

// Words of factors and the factors themselves.
class Factors {
 public:
  Factors(const IntegerLoops& loops, bool weights, int64_t words, std::mt19937& random)
      : per_word_(loops.factors), words_(static_cast<size_t>(words)) {
    const bool bytes = loops.factors == 4;
    std::uniform_int_distribution<int32_t> of(!bytes    ? -255
                                              : weights ? -128
                                                        : 0,
                                              !bytes || !weights ? 255 : 127);
    const int64_t bits = 32 / per_word_;
    for (uint32_t& word : words_) {
      word = 0;
      for (int64_t f = 0; f < per_word_; ++f) {
        factors_.push_back(of(random));
        const auto low = static_cast<uint32_t>(factors_.back()) & ((1u << bits) - 1);
        word |= low << (f * bits);
      }
    }
  }

  const uint32_t* words() const { return words_.data(); }
  int64_t times(int64_t word, const Factors& other, int64_t other_word) const {
    int64_t sum = 0;
    for (int64_t f = 0; f < per_word_; ++f) {
      sum += int64_t{factors_[static_cast<size_t>(word * per_word_ + f)]} *
             other.factors_[static_cast<size_t>(other_word * per_word_ + f)];
    }
    return sum;
  }

 private:
  int64_t per_word_;
  std::vector<uint32_t> words_;
  std::vector<int32_t> factors_;
};

void check_tile(const IntegerLoops& loops, bool weights_left, int64_t words, int64_t rows,
                int64_t columns, std::mt19937& random) {
  const Factors a(loops, weights_left, words * loops.rows, random);
  const Factors b(loops, !weights_left, words * loops.columns, random);
  std::vector<int32_t> sums(static_cast<size_t>(loops.rows * loops.columns));
  (weights_left ? loops.weights_times : loops.times_weights)(a.words(), b.words(), words, rows,
                                                             columns, sums.data());
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      int64_t expected = 0;
      for (int64_t p = 0; p < words; ++p) {
        expected += a.times(p * loops.rows + i, b, p * loops.columns + j);
      }
      ASSERT_EQ(sums[static_cast<size_t>(i * loops.columns + j)], expected) << i << ", " << j;
    }
  }
}

TEST(IntegerLoops, Tiles) {
  std::mt19937 random(3);
  for (const auto& [name, loops] : all_loops()) {
    SCOPED_TRACE(name);
    ASSERT_LE(loops->rows, kMostTileRows);
    ASSERT_LE(loops->columns, kMostTileColumns);
    for (int64_t words : {0, 1, 2, 37}) {
      for (int64_t rows = 1; rows <= loops->rows; ++rows) {
        for (int64_t columns : {int64_t{1}, loops->columns / 2, loops->columns}) {
          check_tile(*loops, true, words, rows, columns, random);
          check_tile(*loops, false, words, rows, columns, random);
        }
      }
    }
  }
}

TEST(IntegerLoops, RowsOfEveryLengthAndStride) {
  std::mt19937 random(4);
  const std::vector<int64_t> offsets = {3, 0, 11};
  const auto terms = static_cast<int64_t>(offsets.size());
  for (const auto& [name, loops] : all_loops()) {
    for (int64_t stride : {1, 2, 3}) {
      for (int64_t n = 1; n < 90; n += n < 20 ? 1 : 13) {
        const Factors weights(*loops, true, terms, random);
        const Factors from(*loops, false, 12 + (n + kVectorSlack + 1) * stride, random);
        std::vector<int32_t> sums(static_cast<size_t>(n + kVectorSlack));
        loops->dot(from.words(), offsets.data(), weights.words(), terms, stride, n, sums.data());
        for (int64_t i = 0; i < n; ++i) {
          int64_t expected = 0;
          for (int64_t t = 0; t < terms; ++t) {
            expected += weights.times(t, from, offsets[static_cast<size_t>(t)] + i * stride);
          }
          ASSERT_EQ(sums[static_cast<size_t>(i)], expected) << name << ", " << i << " of " << n;
        }
      }
    }
  }
}

TEST(IntegerLoops, InterleaveEveryLength) {
  std::mt19937 random(5);
  for (const auto& [name, loops] : all_loops()) {
    for (int64_t n = 1; n < 50; ++n) {
      std::vector<std::vector<uint8_t>> lines;
      const uint8_t* pointers[kMostFactors] = {};
      for (int64_t f = 0; f < loops->factors; ++f) {
        lines.emplace_back(static_cast<size_t>(n));
        for (uint8_t& byte : lines.back()) byte = static_cast<uint8_t>(random());
        pointers[f] = lines.back().data();
      }
      const ByteZero zero(n % 2 == 0, n % 2 == 0 ? -100 : 100);
      std::vector<uint32_t> words(static_cast<size_t>(n));
      loops->interleave(pointers, n, zero, words.data());
      const int64_t bits = 32 / loops->factors;
      for (size_t i = 0; i < words.size(); ++i) {
        for (size_t f = 0; f < lines.size(); ++f) {
          const int32_t less = loops->factors == 2 ? zero.zero : 0;
          const auto expected = static_cast<uint32_t>((lines[f][i] ^ zero.flip) - less);
          const uint32_t mask = (1u << bits) - 1;
          ASSERT_EQ(words[i] >> (f * static_cast<size_t>(bits)) & mask, expected & mask)
              << name << ", " << i << " of " << n;
        }
      }
    }
  }
}

}  // namespace
}  // namespace convoy
