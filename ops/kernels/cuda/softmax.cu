#include "ops/kernels/cuda/softmax.h"

#include "ops/kernels/cuda/block_reduce.h"
#include "runtime/device/cuda/library/grid.h"
#include "runtime/device/cuda/library/launches.h"

namespace convoy::cuda {
namespace {

// A block for each row.
__global__ void __launch_bounds__(kReduceThreads) rows(const __grid_constant__ Softmax softmax) {
  gpu::SharedMemory memory;
  auto* shared = memory.take<float>(kReduceThreads / warpSize);
  for (int64_t row = blockIdx.x; row < softmax.outer * softmax.inner; row += gridDim.x) {
    const int64_t first = row / softmax.inner * softmax.n * softmax.inner + row % softmax.inner;
    const float* x = softmax.x + first;
    float* y = softmax.y + first;
    float top = -INFINITY;
    for (int64_t i = threadIdx.x; i < softmax.n; i += kReduceThreads) {
      const float value = x[i * softmax.inner];
      top = value > top ? value : top;
    }
    top = block_reduce(top, shared, Larger());
    float total = 0;
    for (int64_t i = threadIdx.x; i < softmax.n; i += kReduceThreads) {
      total += expf(x[i * softmax.inner] - top);
    }
    total = block_reduce(total, shared, Add());
    const float log_total = logf(total);
    for (int64_t i = threadIdx.x; i < softmax.n; i += kReduceThreads) {
      const float value = x[i * softmax.inner] - top;
      y[i * softmax.inner] = softmax.logarithm ? value - log_total : expf(value) / total;
    }
  }
}

CONVOY_CUDA_LAUNCH(softmax, Softmax) {
  const gpu::Grid grid = grid_of_rows(problem.outer * problem.inner);
  return gpu::launch(rows, grid, stream, problem);
}

}  // namespace
}  // namespace convoy::cuda
