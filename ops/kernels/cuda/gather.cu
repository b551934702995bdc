#include "ops/kernels/cuda/gather.h"

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
  switch (problem.element_bytes) {
    case 1: return gpu::launch(pick<uint8_t>, grid, stream, problem);
    case 2: return gpu::launch(pick<uint16_t>, grid, stream, problem);
    case 4: return gpu::launch(pick<uint32_t>, grid, stream, problem);
    case 8: return gpu::launch(pick<uint64_t>, grid, stream, problem);
  }
  return -1;
}

}  // namespace
}  // namespace convoy::cuda
