// The innermost loop of matrix products, in every kernel that keeps sums in registers.
#pragma once

#include <cstdint>

namespace convoy::kernels {
namespace {

// sums[i][v] += left(i, p) · right(p, v) for p = begin .. end - 1 in order. V is a vector type
// (simd/vector_type.h), left gives floats and right vectors. Vectors are taken first, then one
// float at a time: the sums, a row of vectors and one more fit the registers.
template <class V, int rows, int vectors, class Left, class Right>
__attribute__((always_inline)) inline void add_products(typename V::reg (&sums)[rows][vectors],
                                                        int64_t begin, int64_t end,
                                                        const Left& left, const Right& right) {
  for (int64_t p = begin; p != end; ++p) {
    typename V::reg factors[vectors];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) factors[v] = right(p, v);
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
      const typename V::reg factor = V::set(left(i, p));
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) sums[i][v] = V::fma(factor, factors[v], sums[i][v]);
    }
  }
}

}  // namespace
}  // namespace convoy::kernels
