// Pooling of plain planes, written once and compiled for each instruction set. Included by the
// files pool_rows_ISA.cc, each of which gets its own copy.
#pragma once

#include "ops/kernels/pool/pool_rows.h"
#include "ops/kernels/simd/vector.h"

namespace convoy {
namespace {

using namespace simd;

struct VMax {
  static constexpr float kStart = -__builtin_inff();
  static Floats combine(Floats most, Floats x) { return ((x > most) | (x != x)) ? x : most; }
};
struct VAdd {
  static constexpr float kStart = 0;
  static Floats combine(Floats sum, Floats x) { return sum + x; }
};

// Where the vector that begins at i lies: the last of a row is moved back to end with it.
inline int64_t vector_place(int64_t i, int64_t size) {
  return size >= kLanes && i > size - kLanes ? size - kLanes : i;
}

template <typename Op>
void combine_rows(const kernels::PoolPlane& plane, const float* x, int64_t row, float* to) {
  const int64_t* const first = plane.taps + plane.row_taps[row];
  const int64_t* const last = plane.taps + plane.row_taps[row + 1];
  for (int64_t next = 0; next < plane.input_row; next += kLanes) {
    const int64_t i = vector_place(next, plane.input_row);
    const int64_t left = plane.input_row - i;
    Floats value = splat(Op::kStart);
    for (const int64_t* tap = first; tap != last; ++tap) {
      const float* from = x + *tap + i;
      value =
          Op::combine(value, left >= kLanes ? load(from) : load_partial(from, left, Op::kStart));
    }
    store(to + i, value);
  }
}

template <int64_t kStride>
Floats load_strided(const float* from, int64_t stride) {
  if constexpr (kStride == 1) return load(from);
  if constexpr (kStride == 2) {
    Floats low = load(from);
    Floats high = load(from + kLanes);
    Ints even;
    for (int j = 0; j < kLanes; ++j) even[j] = 2 * j;
    return __builtin_shuffle(low, high, even);
  }
  Floats v;
  for (int j = 0; j < kLanes; ++j) v[j] = from[j * stride];
  return v;
}

template <typename Op, int64_t kStride>
void combine_windows(const kernels::PoolPlane& plane, const float* row, float outer, float* y) {
  for (int64_t next = 0; next < plane.output_row; next += kLanes) {
    const int64_t i = vector_place(next, plane.output_row);
    const float* from = row + i * plane.stride;
    Floats value = load_strided<kStride>(from, plane.stride);
    for (int64_t k = 1; k < plane.kernel; ++k) {
      from += plane.dilation;
      value = Op::combine(value, load_strided<kStride>(from, plane.stride));
    }
    if (plane.divisors) {
      Floats divisor = load(plane.divisors + i) * outer;
      value = value / (divisor > 1.0f ? divisor : splat(1.0f));
    }
    const int64_t left = plane.output_row - i;
    if (left >= kLanes) {
      store(y + i, value);
    } else {
      store_partial(y + i, value, left);
    }
  }
}

template <typename Op>
void combine_windows(const kernels::PoolPlane& plane, const float* row, float outer, float* y) {
  if (plane.stride == 1) return combine_windows<Op, 1>(plane, row, outer, y);
  if (plane.stride == 2) return combine_windows<Op, 2>(plane, row, outer, y);
  combine_windows<Op, 0>(plane, row, outer, y);
}

template <typename Op>
void pool_plane(const kernels::PoolPlane& plane, const float* x, float* y, float* scratch,
                int64_t scratch_row) {
  for (int64_t first = 0; first < plane.rows; first += kernels::kPoolRows) {
    const int64_t left = plane.rows - first;
    const int64_t rows = left < kernels::kPoolRows ? left : kernels::kPoolRows;
    for (int64_t i = 0; i < rows; ++i) {
      combine_rows<Op>(plane, x, first + i, scratch + i * scratch_row + plane.left);
    }
    for (int64_t i = 0; i < rows; ++i, y += plane.output_row) {
      const float outer = plane.row_divisors ? plane.row_divisors[first + i] : 1.0f;
      combine_windows<Op>(plane, scratch + i * scratch_row, outer, y);
    }
  }
}

}  // namespace
}  // namespace convoy
