// Inner loops of pooling on float32, per instruction set.
#pragma once

#include <cstdint>

namespace convoy {
enum class Isa;  // runtime/device/cpu_features.h
}

namespace convoy::kernels {

// Each combines `count` inputs, `stride` positions apart, with `count` sums. A position holds
// `width` neighbouring floats: 1 in plain tensors, the block in channel-blocked ones.
struct PoolRows {
  // sums = max(sums, x); NaN stays NaN.
  void (*max)(float* sums, const float* x, int64_t count, int64_t stride, int64_t width);
  void (*add)(float* sums, const float* x, int64_t count, int64_t stride, int64_t width);
  // Over `count` consecutive floats.
  float (*max_of)(const float* x, int64_t count);
  float (*sum_of)(const float* x, int64_t count);
};

const PoolRows& pool_rows(Isa isa);

}  // namespace convoy::kernels
