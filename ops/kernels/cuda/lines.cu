#include "ops/kernels/cuda/lines.h"

#include "runtime/device/cuda/library/grid.h"
#include "runtime/device/cuda/library/launches.h"

namespace convoy::cuda {
namespace {

// Both: one thread walks each line.
__global__ void __launch_bounds__(gpu::kThreadsOfElements)
    accumulate(const __grid_constant__ Running running) {
  const int64_t lines = running.outer * running.inner;
  for (int64_t line = gpu::first_index(); line < lines; line += gpu::index_step()) {
    const int64_t first = line / running.inner * running.n * running.inner + line % running.inner;
    float total = running.product ? 1 : 0;
    for (int64_t step = 0; step < running.n; ++step) {
      const int64_t at = running.reverse ? running.n - 1 - step : step;
      const float x = running.x[first + at * running.inner];
      const float next = running.product ? total * x : total + x;
      running.y[first + at * running.inner] = running.exclusive ? total : next;
      total = next;
    }
  }
}

__device__ bool beats(float candidate, float best, const ArgExtreme& arg) {
  if (best != best) return arg.last && candidate != candidate;
  if (candidate != candidate) return true;
  if (arg.last && candidate == best) return true;
  return arg.largest ? candidate > best : candidate < best;
}

__global__ void __launch_bounds__(gpu::kThreadsOfElements)
    search(const __grid_constant__ ArgExtreme arg) {
  const int64_t lines = arg.outer * arg.inner;
  for (int64_t line = gpu::first_index(); line < lines; line += gpu::index_step()) {
    const float* x = arg.x + line / arg.inner * arg.n * arg.inner + line % arg.inner;
    float best = x[0];
    int64_t index = 0;
    for (int64_t i = 1; i < arg.n; ++i) {
      const float value = x[i * arg.inner];
      if (!beats(value, best, arg)) continue;
      best = value;
      index = i;
    }
    arg.y[line] = index;
  }
}

CONVOY_CUDA_LAUNCH(running, Running) {
  const gpu::Grid grid = gpu::grid_for(problem.outer * problem.inner);
  return gpu::launch(accumulate, grid, stream, problem);
}

CONVOY_CUDA_LAUNCH(arg_extreme, ArgExtreme) {
  const gpu::Grid grid = gpu::grid_for(problem.outer * problem.inner);
  return gpu::launch(search, grid, stream, problem);
}

}  // namespace
}  // namespace convoy::cuda
