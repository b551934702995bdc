#include "ops/kernels/gemm/integer_tile.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace convoy::kernels {
namespace {

// A vector of 32-bit sums, and what it takes to add products of pairs to them: as the instructions
// themselves, since the compiler would move sums about between registers and memory.
#if defined(__AVX512BW__)
struct Pairs {
  using reg = __m512i;
  static constexpr int kLanes = 16;
  static constexpr int kRows = 12;
  static reg load(const int16_t* from) { return _mm512_loadu_si512(from); }
  static reg repeat(const int16_t* pair) {
    return _mm512_set1_epi32(*reinterpret_cast<const int32_t*>(pair));
  }
  static void add(reg& sum, reg a, reg b) {
    reg products;
    asm("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0" : "+v"(sum), "=&v"(products) : "v"(a), "v"(b));
  }
  static void store(int32_t* to, reg sum) { _mm512_storeu_si512(to, sum); }
};
#elif defined(__AVX2__)
struct Pairs {
  using reg = __m256i;
  static constexpr int kLanes = 8;
  static constexpr int kRows = 6;
  static reg load(const int16_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  static reg repeat(const int16_t* pair) {
    return _mm256_set1_epi32(*reinterpret_cast<const int32_t*>(pair));
  }
  static void add(reg& sum, reg a, reg b) {
    reg products;
    asm("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0" : "+x"(sum), "=&x"(products) : "x"(a), "x"(b));
  }
  static void store(int32_t* to, reg sum) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), sum);
  }
};
#else
struct Pairs {
  struct reg {
    uint32_t lane[4];
  };
  static constexpr int kLanes = 4;
  static constexpr int kRows = 4;
  static reg load(const int16_t* from) {
    reg pairs;
    __builtin_memcpy(&pairs, from, sizeof pairs);
    return pairs;
  }
  static reg repeat(const int16_t* pair) {
    reg pairs;
    for (uint32_t& lane : pairs.lane) __builtin_memcpy(&lane, pair, sizeof lane);
    return pairs;
  }
  static void add(reg& sum, reg a, reg b) {
    for (int i = 0; i < kLanes; ++i) {
      const auto low = [](uint32_t pair) { return static_cast<int16_t>(pair); };
      const auto high = [](uint32_t pair) { return static_cast<int16_t>(pair >> 16); };
      const int32_t products = low(a.lane[i]) * low(b.lane[i]) + high(a.lane[i]) * high(b.lane[i]);
      sum.lane[i] += static_cast<uint32_t>(products);
    }
  }
  static void store(int32_t* to, reg sum) { __builtin_memcpy(to, &sum, sizeof sum); }
};
#endif

constexpr int kVectors = 2;

void multiply(const int16_t* a, const int16_t* b, int64_t pairs, int32_t* sums) {
  Pairs::reg rows[Pairs::kRows][kVectors] = {};
  for (int64_t p = 0; p < pairs; ++p) {
    Pairs::reg right[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) right[v] = Pairs::load(b + v * 2 * Pairs::kLanes);
#pragma GCC unroll 12
    for (int i = 0; i < Pairs::kRows; ++i) {
      const Pairs::reg left = Pairs::repeat(a + 2 * i);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) Pairs::add(rows[i][v], left, right[v]);
    }
    a += 2 * Pairs::kRows;
    b += 2 * kVectors * Pairs::kLanes;
  }
#pragma GCC unroll 12
  for (int i = 0; i < Pairs::kRows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      Pairs::store(sums + (i * kVectors + v) * Pairs::kLanes, rows[i][v]);
    }
  }
}

}  // namespace

constinit const IntegerTile CONVOY_PER_ISA(integer_tile) = {Pairs::kRows, kVectors * Pairs::kLanes,
                                                            multiply};

}  // namespace convoy::kernels
