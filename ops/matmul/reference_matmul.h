// The portable matrix product: any element type, any strides, rows of the output a chunk at a time.
#pragma once

#include <algorithm>
#include <type_traits>

#include "ops/matmul/matmul.h"
#include "runtime/base/parallel_for.h"

namespace convoy {

inline constexpr int64_t kReferenceMatMulChunk = 128;

// Calls store(y_offset, row, first_column, sums, count) for runs of `count` columns of Y; y_offset
// is that of the first of them. `load_a(value, row)` and `load_b(value, column)` turn elements to
// Acc.
template <typename Acc, typename A, typename B, typename LoadA, typename LoadB, typename Store>
void reference_matmul(const MatMulShape& shape, const A* a, const B* b, ThreadPool& threads,
                      const LoadA& load_a, const LoadB& load_b, const Store& store) {
  constexpr int64_t kChunk = kReferenceMatMulChunk;
  int64_t chunks = (shape.n + kChunk - 1) / kChunk;
  int64_t cost = std::max<int64_t>(1, shape.k * std::min(shape.n, kChunk));
  int64_t tasks = shape.batch_count() * shape.m * chunks;
  threads.parallel_for(tasks, std::max<int64_t>(1, 16384 / cost), [&](int64_t begin, int64_t end) {
    Acc sums[kChunk];
    for (int64_t task = begin; task < end; ++task) {
      int64_t row = task / chunks % shape.m;
      int64_t first = task % chunks * kChunk;
      int64_t count = std::min(kChunk, shape.n - first);
      MatMulOffsets offsets = matrix_offsets(shape, task / chunks / shape.m);
      std::fill_n(sums, count, Acc(0));
      for (int64_t p = 0; p < shape.k; ++p) {
        Acc left = load_a(a[offsets.a + row * shape.a_m + p * shape.a_k], row);
        const B* right = b + offsets.b + p * shape.b_k + first * shape.b_n;
        for (int64_t j = 0; j < count; ++j) {
          sums[j] += left * load_b(right[j * shape.b_n], first + j);
        }
      }
      store(offsets.y + row * shape.y_m + first * shape.y_n, row, first, sums, count);
    }
  });
}

// 16-bit floats are summed in float; integers wrap around as unsigned ones do.
template <typename T>
struct MatMulSum {
  using type = T;
};
template <>
struct MatMulSum<Float16> {
  using type = float;
};
template <>
struct MatMulSum<BFloat16> {
  using type = float;
};
template <>
struct MatMulSum<int32_t> {
  using type = uint32_t;
};
template <>
struct MatMulSum<int64_t> {
  using type = uint64_t;
};

// The element types that MatMul and Gemm allow.
template <typename Visitor>
decltype(auto) visit_matmul(DType dtype, Visitor&& visitor) {
  return visit_dtype_among<float, double, Float16, BFloat16, int32_t, uint32_t, int64_t, uint64_t>(
      dtype, visitor);
}

}  // namespace convoy
