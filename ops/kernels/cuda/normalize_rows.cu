#include "ops/kernels/cuda/normalize_rows.h"

#include "ops/kernels/cuda/block_reduce.h"
#include "runtime/device/cuda/library/grid.h"
#include "runtime/device/cuda/library/launches.h"

namespace convoy::cuda {
namespace {

// A block for each row. Statistics are made in double, from the deviations from the mean.
__global__ void __launch_bounds__(kReduceThreads)
    normalize(const __grid_constant__ NormalizeRows problem) {
  gpu::SharedMemory memory;
  auto* shared = memory.take<double>(kReduceThreads / warpSize);
  for (int64_t row = blockIdx.x; row < problem.rows; row += gridDim.x) {
    const float* x = problem.x + row * problem.n;
    float* y = problem.y + row * problem.n;
    double mean = 0;
    if (problem.centered) {
      double total = 0;
      for (int64_t k = threadIdx.x; k < problem.n; k += kReduceThreads) total += x[k];
      mean = block_reduce(total, shared, Add()) / static_cast<double>(problem.n);
    }
    double squares = 0;
    for (int64_t k = threadIdx.x; k < problem.n; k += kReduceThreads) {
      squares += (x[k] - mean) * (x[k] - mean);
    }
    const double variance = block_reduce(squares, shared, Add()) / static_cast<double>(problem.n);
    const double factor = 1 / sqrt(variance + problem.epsilon);
    const int64_t first = row % problem.groups * problem.group_step;
    for (int64_t k = threadIdx.x; k < problem.n; k += kReduceThreads) {
      const int64_t at = first + k / problem.inner;
      const auto value = static_cast<float>((x[k] - mean) * factor) * problem.scale[at];
      y[k] = problem.bias == nullptr ? value : value + problem.bias[at];
    }
    if (threadIdx.x != 0) continue;
    if (problem.means != nullptr) problem.means[row] = static_cast<float>(mean);
    if (problem.factors != nullptr) problem.factors[row] = static_cast<float>(factor);
  }
}

CONVOY_CUDA_LAUNCH(normalize_rows, NormalizeRows) {
  return gpu::launch(normalize, grid_of_rows(problem.rows), stream, problem);
}

}  // namespace
}  // namespace convoy::cuda
