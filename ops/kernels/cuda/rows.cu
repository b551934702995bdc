#include "ops/kernels/cuda/rows.h"

#include "ops/kernels/cuda/element_bytes.h"
#include "runtime/device/cuda/library/grid.h"
#include "runtime/device/cuda/library/launches.h"

namespace convoy::cuda {
namespace {

template <typename T>
__global__ void __launch_bounds__(gpu::kThreadsOfElements)
    pick(const __grid_constant__ PickRows problem) {
  for (int64_t i = gpu::first_index(); i < problem.rows * problem.inner; i += gpu::index_step()) {
    const int64_t from = problem.offsets[i / problem.inner] + i % problem.inner;
    static_cast<T*>(problem.out)[i] = static_cast<const T*>(problem.data)[from];
  }
}

template <typename T>
__global__ void __launch_bounds__(gpu::kThreadsOfElements)
    assign(const __grid_constant__ ScatterRows problem) {
  for (int64_t i = gpu::first_index(); i < problem.rows * problem.inner; i += gpu::index_step()) {
    const int64_t to = problem.offsets[i / problem.inner] + i % problem.inner;
    static_cast<T*>(problem.out)[to] = static_cast<const T*>(problem.updates)[i];
  }
}

// NaN wins over numbers.
__device__ float combined(RowUpdate how, float old, float update) {
  switch (how) {
    case RowUpdate::add: return old + update;
    case RowUpdate::multiply: return old * update;
    case RowUpdate::minimum: return update != update || update < old ? update : old;
    case RowUpdate::maximum: return update != update || update > old ? update : old;
    case RowUpdate::assign: break;
  }
  return update;
}

__global__ void __launch_bounds__(gpu::kThreadsOfElements)
    combine(const __grid_constant__ ScatterRows problem) {
  auto* out = static_cast<float*>(problem.out);
  for (int64_t i = gpu::first_index(); i < problem.rows * problem.inner; i += gpu::index_step()) {
    const int64_t to = problem.offsets[i / problem.inner] + i % problem.inner;
    out[to] = combined(problem.how, out[to], static_cast<const float*>(problem.updates)[i]);
  }
}

CONVOY_CUDA_LAUNCH(pick_rows, PickRows) {
  const gpu::Grid grid = gpu::grid_for(problem.rows * problem.inner);
  return launch_for_bytes(problem.element_bytes, [&](auto element) {
    return gpu::launch(pick<decltype(element)>, grid, stream, problem);
  });
}

CONVOY_CUDA_LAUNCH(scatter_rows, ScatterRows) {
  const gpu::Grid grid = gpu::grid_for(problem.rows * problem.inner);
  if (problem.how != RowUpdate::assign) return gpu::launch(combine, grid, stream, problem);
  return launch_for_bytes(problem.element_bytes, [&](auto element) {
    return gpu::launch(assign<decltype(element)>, grid, stream, problem);
  });
}

}  // namespace
}  // namespace convoy::cuda
