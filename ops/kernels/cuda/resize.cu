#include "ops/kernels/cuda/resize.h"

#include "runtime/device/cuda/library/grid.h"
#include "runtime/device/cuda/library/launches.h"

namespace convoy::cuda {
namespace {

// One thread for each output, over all combinations of the axes' taps.
__global__ void __launch_bounds__(gpu::kThreadsOfElements)
    by_outputs(const __grid_constant__ Resize resize) {
  for (int64_t i = gpu::first_index(); i < resize.count; i += gpu::index_step()) {
    int64_t at[Resize::kMaxAxes];
    int64_t rest = i, combinations = 1;
    bool outside = false;
    for (int axis = resize.rank - 1; axis >= 0; --axis) {
      const Resize::Axis& map = resize.axis[axis];
      at[axis] = rest % map.output;
      rest /= map.output;
      combinations *= map.taps;
      outside = outside || (map.outside != nullptr && map.outside[at[axis]] != 0);
    }
    float sum = 0;
    for (int64_t combination = 0; combination < combinations && !outside; ++combination) {
      int64_t tap = combination, from = 0, step = 1;
      float weight = 1;
      for (int axis = resize.rank - 1; axis >= 0; --axis) {
        const Resize::Axis& map = resize.axis[axis];
        const int64_t entry = at[axis] * map.taps + tap % map.taps;
        tap /= map.taps;
        if (map.weight != nullptr) weight *= map.weight[entry];
        from += (map.index == nullptr ? at[axis] : map.index[entry]) * step;
        step *= map.input;
      }
      const float x = resize.x[from];
      sum = combinations == 1 ? weight * x : fmaf(weight, x, sum);
    }
    resize.y[i] = outside ? resize.extrapolation : sum;
  }
}

CONVOY_CUDA_LAUNCH(resize, Resize) {
  return gpu::launch(by_outputs, gpu::grid_for(problem.count), stream, problem);
}

}  // namespace
}  // namespace convoy::cuda
