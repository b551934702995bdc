// One thread for each of many independent elements.
#pragma once

#include "runtime/device/cuda/library/kernel_language.h"

namespace gpu {

inline constexpr unsigned kThreadsOfElements = 256;
// Enough to fill any GPU of today; each thread then takes several elements.
inline constexpr int64_t kMostBlocksOfElements = 4096;

inline Grid grid_for(int64_t elements) {
  int64_t blocks = (elements + kThreadsOfElements - 1) / kThreadsOfElements;
  blocks = blocks < 1 ? 1 : blocks > kMostBlocksOfElements ? kMostBlocksOfElements : blocks;
  return {dim3(static_cast<unsigned>(blocks)), dim3(kThreadsOfElements), 0};
}

// The elements of a thread: first_index(), then every index_step() further.
__device__ inline int64_t first_index() {
  return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ inline int64_t index_step() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

}  // namespace gpu
