// Stored numbers to and from float32. For kernels alone.
#pragma once

#include "ops/kernels/cuda/elements.h"
#include "runtime/device/cuda/library/kernel_language.h"

namespace convoy::cuda {

__device__ inline float load(const void* data, int64_t at, Stored stored) {
  switch (stored) {
    case Stored::float32: return static_cast<const float*>(data)[at];
    case Stored::float16: return gpu::from_half(static_cast<const uint16_t*>(data)[at]);
    case Stored::bfloat16: return gpu::from_bfloat16(static_cast<const uint16_t*>(data)[at]);
    case Stored::boolean:
    case Stored::uint8: return static_cast<const uint8_t*>(data)[at];
    case Stored::int8: return static_cast<const int8_t*>(data)[at];
    case Stored::uint16: return static_cast<const uint16_t*>(data)[at];
    case Stored::int16: return static_cast<const int16_t*>(data)[at];
  }
  return 0;
}

// Of floats and booleans.
__device__ inline void store(void* data, int64_t at, Stored stored, float x) {
  switch (stored) {
    case Stored::float16: static_cast<uint16_t*>(data)[at] = gpu::to_half(x); return;
    case Stored::bfloat16: static_cast<uint16_t*>(data)[at] = gpu::to_bfloat16(x); return;
    case Stored::boolean: static_cast<uint8_t*>(data)[at] = x != 0; return;
    default: static_cast<float*>(data)[at] = x;
  }
}

}  // namespace convoy::cuda
