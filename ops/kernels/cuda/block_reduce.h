// Sums and the like over all threads of a block, and strided offsets. For kernels alone.
#pragma once

#include "ops/kernels/cuda/strided_index.h"
#include "runtime/device/cuda/library/grid.h"

namespace convoy::cuda {

__device__ inline int64_t offset_of(const StridedIndex& index, int64_t at) {
  int64_t offset = 0;
  for (int axis = index.rank - 1; axis >= 0; --axis) {
    offset += at % index.size[axis] * index.stride[axis];
    at /= index.size[axis];
  }
  return offset;
}

struct Add {
  template <typename T>
  __device__ T operator()(T a, T b) const {
    return a + b;
  }
};
struct Multiply {
  template <typename T>
  __device__ T operator()(T a, T b) const {
    return a * b;
  }
};
// NaN if either is.
struct Larger {
  template <typename T>
  __device__ T operator()(T a, T b) const {
    return a > b || a != a ? a : b;
  }
};
struct Smaller {
  template <typename T>
  __device__ T operator()(T a, T b) const {
    return a < b || a != a ? a : b;
  }
};

inline constexpr int kReduceThreads = 128;
inline constexpr size_t kReduceSharedBytes = kReduceThreads / 32 * sizeof(double);

// A block of kReduceThreads for each row; where there are more rows, a block takes several.
inline gpu::Grid grid_of_rows(int64_t rows) {
  const int64_t blocks = rows < gpu::kMostBlocksOfElements ? rows : gpu::kMostBlocksOfElements;
  return {dim3(static_cast<unsigned>(blocks)), dim3(kReduceThreads), kReduceSharedBytes};
}

// The same result for every thread of a block of kReduceThreads. `shared`: an element for each
// warp, which is free again when all have the result.
template <typename T, typename Operation>
__device__ T block_reduce(T value, T* shared, const Operation& operation) {
  for (int step = warpSize / 2; step > 0; step /= 2) {
    value = operation(value, __shfl_xor_sync(~0U, value, step));
  }
  const int warp = static_cast<int>(threadIdx.x) / warpSize;
  if (threadIdx.x % warpSize == 0) shared[warp] = value;
  __syncthreads();
  value = shared[0];
  for (int i = 1; i < kReduceThreads / warpSize; ++i) value = operation(value, shared[i]);
  __syncthreads();
  return value;
}

}  // namespace convoy::cuda
