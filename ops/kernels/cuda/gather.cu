#include "ops/kernels/cuda/gather.h"

#include "ops/kernels/cuda/element_bytes.h"
#include "runtime/device/cuda/library/grid.h"
#include "runtime/device/cuda/library/launches.h"

namespace convoy::cuda {
namespace {

template <typename T>
__global__ void __launch_bounds__(gpu::kThreadsOfElements)
    pick(const __grid_constant__ Gather gather) {
  const int64_t count = gather.outer * gather.picked * gather.inner;
  for (int64_t i = gpu::first_index(); i < count; i += gpu::index_step()) {
    const int64_t row = i / gather.inner;
    const int64_t k = row % gather.picked;
    int64_t index = gather.index_bytes == 4 ? static_cast<const int32_t*>(gather.indices)[k]
                                            : static_cast<const int64_t*>(gather.indices)[k];
    if (index < 0) index += gather.length;
    const int64_t from =
        (row / gather.picked * gather.length + index) * gather.inner + i % gather.inner;
    static_cast<T*>(gather.out)[i] = static_cast<const T*>(gather.data)[from];
  }
}

CONVOY_CUDA_LAUNCH(gather, Gather) {
  const gpu::Grid grid = gpu::grid_for(problem.outer * problem.picked * problem.inner);
  return launch_for_bytes(problem.element_bytes, [&](auto element) {
    return gpu::launch(pick<decltype(element)>, grid, stream, problem);
  });
}

}  // namespace
}  // namespace convoy::cuda
