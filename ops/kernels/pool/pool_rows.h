// Inner loops of pooling on float32, per instruction set.
#pragma once

#include <cstdint>

#include "runtime/device/per_isa.h"

namespace convoy::kernels {

// The rows of one plane. An output row combines the input rows that its taps name into a row of
// scratch, then windows along that row: output i takes the elements i * stride + k * dilation.
// Several rows are combined before the first is read: what was just stored could not be read yet
// from between two stores.
struct PoolPlane {
  int64_t rows = 0;                   // of the output
  const int64_t* row_taps = nullptr;  // rows + 1 indices into taps
  const int64_t* taps = nullptr;      // where input rows begin in the plane
  int64_t input_row = 0;              // length
  int64_t left = 0;                   // padding before it in scratch, at least 0
  int64_t output_row = 0;             // length
  int64_t kernel = 1, stride = 1, dilation = 1;
  const float* row_divisors = nullptr;  // of each row, and
  const float* divisors = nullptr;      // along a row, to a whole vector beyond; null: no division
};

// max and add combine `count` inputs, `stride` positions apart, with `count` sums. A position holds
// `width` neighbouring floats: 1 in plain tensors, the block in channel-blocked ones.
struct PoolRows {
  // sums = max(sums, x); NaN stays NaN.
  void (*max)(float* sums, const float* x, int64_t count, int64_t stride, int64_t width);
  void (*add)(float* sums, const float* x, int64_t count, int64_t stride, int64_t width);
  // scratch holds what a window of padding gives, in kPoolRows rows of pool_scratch_row floats, or
  // as many as the output has, and holds it again outside [left, left + input_row) of each
  // afterwards.
  void (*max_plane)(const PoolPlane& plane, const float* x, float* y, float* scratch,
                    int64_t scratch_row);
  void (*add_plane)(const PoolPlane& plane, const float* x, float* y, float* scratch,
                    int64_t scratch_row);
  // Over `count` consecutive floats.
  float (*max_of)(const float* x, int64_t count);
  float (*sum_of)(const float* x, int64_t count);
};

constexpr int64_t kPoolRows = 8;

// A whole number of cache lines.
int64_t pool_scratch_row(const PoolPlane& plane);

const PoolRows& pool_rows(Isa isa);

CONVOY_DECLARE_PER_ISA(extern const PoolRows, pool_rows);

}  // namespace convoy::kernels
