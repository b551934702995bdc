// The innermost loop of matrix products, in every kernel that keeps sums in registers.
#pragma once

#include <cstdint>

namespace convoy::kernels {
namespace {

// sums[i][v] += left(i, p) · right(p, v). V is a vector type (simd/vector_type.h), left gives
// floats and right vectors. kVectorsFirst: the vectors of right, then one float at a time, else the
// floats, then one vector at a time; those that are taken first must fit the registers beside the
// sums. kInPlace: by V::add_product, where the compiler would move sums about.
template <class V, bool kVectorsFirst = true, bool kInPlace = false, int rows, int vectors,
          class Left, class Right>
__attribute__((always_inline)) inline void add_product(typename V::reg (&sums)[rows][vectors],
                                                       int64_t p, const Left& left,
                                                       const Right& right) {
  using reg = typename V::reg;
  auto add = [&sums](int i, int v, reg a, reg b) __attribute__((always_inline)) {
    if constexpr (kInPlace)
      V::add_product(sums[i][v], a, b);
    else
      sums[i][v] = V::fma(a, b, sums[i][v]);
  };
  if constexpr (kVectorsFirst) {
    reg factors[vectors];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) factors[v] = right(p, v);
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
      const reg factor = V::set(left(i, p));
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) add(i, v, factors[v], factor);
    }
  } else {
    reg factors[rows];
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) factors[i] = V::set(left(i, p));
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) {
      const reg factor = right(p, v);
#pragma GCC unroll 8
      for (int i = 0; i < rows; ++i) add(i, v, factor, factors[i]);
    }
  }
}

// The same for p = begin .. end - 1 in order.
template <class V, int rows, int vectors, class Left, class Right>
__attribute__((always_inline)) inline void add_products(typename V::reg (&sums)[rows][vectors],
                                                        int64_t begin, int64_t end,
                                                        const Left& left, const Right& right) {
  for (int64_t p = begin; p != end; ++p) add_product<V>(sums, p, left, right);
}

// The same in several chains of additions, where the sums are too few to hide how long one takes:
// each has every so many-th p, the first what is left in the end, and they are added up in order.
template <class V, int chains, int rows, int vectors, class Left, class Right>
__attribute__((always_inline)) inline void add_products_in_chains(
    typename V::reg (&sums)[rows][vectors], int64_t begin, int64_t end, const Left& left,
    const Right& right) {
  typename V::reg others[chains][rows][vectors] = {};  // the first is `sums` itself
  int64_t p = begin;
  for (; p + chains <= end; p += chains) {
    add_product<V>(sums, p, left, right);
#pragma GCC unroll 8
    for (int c = 1; c < chains; ++c) add_product<V>(others[c], p + c, left, right);
  }
  add_products<V>(sums, p, end, left, right);
#pragma GCC unroll 8
  for (int c = 1; c < chains; ++c) {
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) sums[i][v] = V::add(sums[i][v], others[c][i][v]);
    }
  }
}

}  // namespace
}  // namespace convoy::kernels
