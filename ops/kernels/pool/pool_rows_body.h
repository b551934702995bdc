// The loops of PoolRows, written once and compiled for each instruction set. Included by the files
// pool_rows_ISA.cc, each of which gets its own copy.
#pragma once

#include <cstdint>

namespace {

inline float larger(float a, float b) { return b > a || b != b ? b : a; }

struct Max {
  static float combine(float sum, float x) { return larger(sum, x); }
};
struct Add {
  static float combine(float sum, float x) { return sum + x; }
};

template <typename Op, int64_t width>
void combine_wide(float* sums, const float* x, int64_t count, int64_t stride) {
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t j = 0; j < width; ++j) {
      sums[i * width + j] = Op::combine(sums[i * width + j], x[i * stride * width + j]);
    }
  }
}

template <typename Op>
void combine(float* __restrict sums, const float* __restrict x, int64_t count, int64_t stride,
             int64_t width) {
  if (stride == 1) {
    for (int64_t i = 0; i < count * width; ++i) sums[i] = Op::combine(sums[i], x[i]);
  } else if (width == 8) {
    combine_wide<Op, 8>(sums, x, count, stride);
  } else if (width == 16) {
    combine_wide<Op, 16>(sums, x, count, stride);
  } else if (width == 1 && stride == 2) {
    for (int64_t i = 0; i < count; ++i) sums[i] = Op::combine(sums[i], x[2 * i]);
  } else {
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t j = 0; j < width; ++j) {
        sums[i * width + j] = Op::combine(sums[i * width + j], x[i * stride * width + j]);
      }
    }
  }
}

template <typename Op>
float combine_all(const float* x, int64_t count, float start) {
  constexpr int64_t kLanes = 32;
  float lanes[kLanes];
  for (int64_t j = 0; j < kLanes; ++j) lanes[j] = start;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t j = 0; j < kLanes; ++j) lanes[j] = Op::combine(lanes[j], x[i + j]);
  }
  for (int64_t j = 0; i < count; ++i, ++j) lanes[j] = Op::combine(lanes[j], x[i]);
  for (int64_t half = kLanes / 2; half > 0; half /= 2) {
    for (int64_t j = 0; j < half; ++j) lanes[j] = Op::combine(lanes[j], lanes[j + half]);
  }
  return lanes[0];
}

float max_of(const float* x, int64_t count) {
  return combine_all<Max>(x, count, -__builtin_inff());
}
float sum_of(const float* x, int64_t count) { return combine_all<Add>(x, count, 0.0f); }

}  // namespace
