// Inner loops of pooling on float32, per instruction set.
#pragma once

#include <cstdint>

namespace convoy {
enum class Isa;  // runtime/device/cpu_features.h
}

namespace convoy::kernels {

// The rows of one plane. An output row combines the input rows that its taps name into a row of
// scratch, then windows along that row: output i takes the elements i * stride + k * dilation.
struct PoolPlane {
  int64_t rows = 0;                      // of the output
  const int64_t* row_taps = nullptr;     // rows + 1 indices into taps
  const int64_t* taps = nullptr;         // where input rows begin in the plane
  int64_t input_row = 0;                 // length
  int64_t left = 0;                      // padding before it in scratch, at least 0
  int64_t output_row = 0;                // length
  int64_t kernel = 1, stride = 1, dilation = 1;
  const float* row_divisors = nullptr;   // of each row, and
  const float* divisors = nullptr;       // along a row, to a whole vector beyond; null: no division
};

// max and add combine `count` inputs, `stride` positions apart, with `count` sums. A position holds
// `width` neighbouring floats: 1 in plain tensors, the block in channel-blocked ones.
struct PoolRows {
  // sums = max(sums, x); NaN stays NaN.
  void (*max)(float* sums, const float* x, int64_t count, int64_t stride, int64_t width);
  void (*add)(float* sums, const float* x, int64_t count, int64_t stride, int64_t width);
  // scratch holds what a window of padding gives, pool_scratch floats of it, and holds it again
  // outside [left, left + input_row) afterwards.
  void (*max_plane)(const PoolPlane& plane, const float* x, float* y, float* scratch);
  void (*add_plane)(const PoolPlane& plane, const float* x, float* y, float* scratch);
  // Over `count` consecutive floats.
  float (*max_of)(const float* x, int64_t count);
  float (*sum_of)(const float* x, int64_t count);
};

// A whole number of cache lines.
int64_t pool_scratch(const PoolPlane& plane);

const PoolRows& pool_rows(Isa isa);

}  // namespace convoy::kernels
