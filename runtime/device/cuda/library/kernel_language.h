// What CUDA kernels are written in. nvcc gets CUDA itself; any other compiler gets an emulation on
// the host (emulation.h), so that the same file runs, and is checked, without a GPU.
//
// Kernels use threadIdx, blockIdx, blockDim, gridDim, __syncthreads, __syncwarp, __shfl_sync,
// __shfl_xor_sync, __shfl_down_sync, __ballot_sync, atomicAdd, the C library's functions of floats,
// and what namespace gpu has. They do not use <<<>>> or __shared__ arrays (gpu::launch and
// gpu::SharedMemory stand for these), nor PTX outside of this file.
#pragma once

#include <cstddef>
#include <cstdint>

#ifdef __CUDACC__

#include <cuda_runtime.h>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <type_traits>

namespace gpu {

using Stream = cudaStream_t;

// How a kernel is launched. At most 48 KiB of shared memory, but where `shared_bytes` says more.
struct Grid {
  dim3 blocks;
  dim3 threads;
  size_t shared_bytes = 0;
};

template <typename... Parameters>
int launch(void (*kernel)(Parameters...), const Grid& grid, Stream stream,
           std::type_identity_t<Parameters>... values) {
  constexpr size_t kPlainShared = 48 * 1024;
  if (grid.shared_bytes > kPlainShared) {
    auto bytes = static_cast<int>(grid.shared_bytes);
    cudaError_t status =
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
    if (status != cudaSuccess) return static_cast<int>(status);
  }
  cudaLaunchConfig_t config{};
  config.gridDim = grid.blocks;
  config.blockDim = grid.threads;
  config.dynamicSmemBytes = grid.shared_bytes;
  config.stream = stream;
  return static_cast<int>(cudaLaunchKernelEx(&config, kernel, values...));
}

extern __shared__ __align__(16) unsigned char shared_bytes[];

// Hands out the block's shared memory, 16 bytes aligned. All threads take the same arrays in the
// same order.
class SharedMemory {
 public:
  template <typename T>
  __device__ T* take(int count) {
    T* array = reinterpret_cast<T*>(shared_bytes + taken_);
    taken_ += (count * static_cast<int>(sizeof(T)) + 15) / 16 * 16;
    return array;
  }

 private:
  int taken_ = 0;
};

// 16-bit floats by their bits.
__device__ inline float from_half(uint16_t bits) { return __half2float(__ushort_as_half(bits)); }
__device__ inline uint16_t to_half(float x) { return __half_as_ushort(__float2half_rn(x)); }
__device__ inline float from_bfloat16(uint16_t bits) {
  return __bfloat162float(__ushort_as_bfloat16(bits));
}
__device__ inline uint16_t to_bfloat16(float x) {
  return __bfloat16_as_ushort(__float2bfloat16_rn(x));
}

}  // namespace gpu

#else
#include "runtime/device/cuda/library/emulation.h"
#endif
