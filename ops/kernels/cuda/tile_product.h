// The tile of a matrix product that a block of threads computes. For kernels alone.
#pragma once

#include "runtime/device/cuda/library/kernel_language.h"

namespace convoy::cuda {

// kRows × kColumns sums, kPerThread × kPerThread for each thread, whose columns are
// kColumns / kPerThread apart, so that neighbouring threads store neighbours.
template <int kRows, int kColumns>
struct TileProduct {
  static constexpr int kPerThread = 4;
  static constexpr int kDepth = 16;  // of what lies in shared memory at once
  static constexpr int kThreads = kRows * kColumns / (kPerThread * kPerThread);
  static constexpr int kPitch = kRows + 4;  // rows of A's tile, apart from each other's banks
  static constexpr int kApart = kColumns / kPerThread;
  static constexpr size_t kSharedBytes = sizeof(float) * kDepth * (kPitch + kColumns);
  static_assert(kThreads % kColumns == 0 && kThreads % kDepth == 0);

  float sums[kPerThread][kPerThread] = {};

  // The column that this thread loads of B.
  __device__ static int loaded_column() { return static_cast<int>(threadIdx.x) % kColumns; }
  __device__ static int row(int i) {
    return static_cast<int>(threadIdx.x) / kApart * kPerThread + i;
  }
  __device__ static int column(int j) {
    return static_cast<int>(threadIdx.x) % kApart + j * kApart;
  }

  // Adds the product over k in [0, depth). a(row, k) and b(k), of this thread's loaded column, are
  // 0 outside of the matrices.
  template <typename A, typename B>
  __device__ void add(int64_t depth, const A& a, const B& b) {
    gpu::SharedMemory shared;
    float* a_tile = shared.take<float>(kDepth * kPitch);
    float* b_tile = shared.take<float>(kDepth * kColumns);
    const int thread = static_cast<int>(threadIdx.x);
    for (int64_t begin = 0; begin < depth; begin += kDepth) {
      const int a_k = thread % kDepth;
      for (int r = thread / kDepth; r < kRows; r += kThreads / kDepth) {
        a_tile[a_k * kPitch + r] = begin + a_k < depth ? a(r, begin + a_k) : 0;
      }
      for (int b_k = thread / kColumns; b_k < kDepth; b_k += kThreads / kColumns) {
        b_tile[b_k * kColumns + loaded_column()] = begin + b_k < depth ? b(begin + b_k) : 0;
      }
      __syncthreads();
#pragma unroll
      for (int k = 0; k < kDepth; ++k) {
        float left[kPerThread], right[kPerThread];
#pragma unroll
        for (int i = 0; i < kPerThread; ++i) {
          left[i] = a_tile[k * kPitch + row(i)];
          right[i] = b_tile[k * kColumns + column(i)];
        }
#pragma unroll
        for (int i = 0; i < kPerThread; ++i) {
#pragma unroll
          for (int j = 0; j < kPerThread; ++j) {
            sums[i][j] = fmaf(left[i], right[j], sums[i][j]);
          }
        }
      }
      __syncthreads();
    }
  }
};

}  // namespace convoy::cuda
