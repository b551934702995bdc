#include "ops/kernels/cuda/pad.h"

#include "ops/kernels/cuda/element_bytes.h"
#include "runtime/device/cuda/library/grid.h"
#include "runtime/device/cuda/library/launches.h"

namespace convoy::cuda {
namespace {

// Where index `at` of an axis of length `size` reads; -1: the constant.
__device__ int64_t source(Padding mode, int64_t at, int64_t size) {
  if (at >= 0 && at < size) return at;
  if (mode == Padding::constant) return -1;
  if (mode == Padding::edge) return at < 0 ? 0 : size - 1;
  if (mode == Padding::wrap) return (at % size + size) % size;
  if (size == 1) return 0;
  const int64_t period = 2 * (size - 1);
  const int64_t folded = (at % period + period) % period;
  return folded < size ? folded : period - folded;
}

template <typename T>
__global__ void __launch_bounds__(gpu::kThreadsOfElements) fill(const __grid_constant__ Pad pad) {
  const T value =
      pad.value == nullptr ? static_cast<T>(pad.value_bits) : *static_cast<const T*>(pad.value);
  for (int64_t i = gpu::first_index(); i < pad.count; i += gpu::index_step()) {
    int64_t rest = i, from = 0, step = 1;
    bool inside = true;
    for (int axis = pad.rank - 1; axis >= 0; --axis) {
      const int64_t at =
          source(pad.mode, rest % pad.output[axis] - pad.begin[axis], pad.input[axis]);
      rest /= pad.output[axis];
      inside = inside && at >= 0;
      from += at * step;
      step *= pad.input[axis];
    }
    static_cast<T*>(pad.y)[i] = inside ? static_cast<const T*>(pad.x)[from] : value;
  }
}

CONVOY_CUDA_LAUNCH(pad, Pad) {
  const gpu::Grid grid = gpu::grid_for(problem.count);
  return launch_for_bytes(problem.element_bytes, [&](auto element) {
    return gpu::launch(fill<decltype(element)>, grid, stream, problem);
  });
}

}  // namespace
}  // namespace convoy::cuda
