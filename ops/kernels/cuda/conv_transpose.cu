#include "ops/kernels/cuda/conv_transpose.h"

#include "runtime/device/cuda/library/grid.h"
#include "runtime/device/cuda/library/launches.h"

namespace convoy::cuda {
namespace {

// Where tap k of an axis reads for output position o; -1: nowhere.
__device__ int64_t source(const SizedWindow& axis, int64_t o, int64_t k) {
  const int64_t reach = o + axis.pad_begin - k * axis.dilation;
  if (reach < 0 || reach % axis.stride != 0) return -1;
  const int64_t i = reach / axis.stride;
  return i < axis.input_size ? i : -1;
}

// One thread gathers each output from the inputs that reach it.
__global__ void __launch_bounds__(gpu::kThreadsOfElements)
    by_outputs(const __grid_constant__ ConvTranspose conv) {
  const SizedWindow &outer = conv.axis[0], &middle = conv.axis[1], &inner = conv.axis[2];
  const int64_t channels = conv.groups * conv.out;
  const int64_t count =
      conv.batch * channels * outer.output_size * middle.output_size * inner.output_size;
  const int64_t x_plane = outer.input_size * middle.input_size * inner.input_size;
  const int64_t w_plane = outer.kernel * middle.kernel * inner.kernel;
  for (int64_t i = gpu::first_index(); i < count; i += gpu::index_step()) {
    int64_t rest = i;
    const int64_t column = rest % inner.output_size;
    rest /= inner.output_size;
    const int64_t row = rest % middle.output_size;
    rest /= middle.output_size;
    const int64_t slice = rest % outer.output_size;
    rest /= outer.output_size;
    const int64_t channel = rest % channels;
    const int64_t group = channel / conv.out;
    const float* x = conv.x + (rest / channels * conv.groups + group) * conv.in * x_plane;
    const float* w = conv.w + (group * conv.in * conv.out + channel % conv.out) * w_plane;
    float sum = conv.bias == nullptr ? 0 : conv.bias[channel];
    for (int64_t a = 0; a < outer.kernel; ++a) {
      const int64_t x_slice = source(outer, slice, a);
      if (x_slice < 0) continue;
      for (int64_t b = 0; b < middle.kernel; ++b) {
        const int64_t x_row = source(middle, row, b);
        if (x_row < 0) continue;
        for (int64_t c = 0; c < inner.kernel; ++c) {
          const int64_t x_column = source(inner, column, c);
          if (x_column < 0) continue;
          const float* from =
              x + (x_slice * middle.input_size + x_row) * inner.input_size + x_column;
          const float* tap = w + (a * middle.kernel + b) * inner.kernel + c;
          for (int64_t k = 0; k < conv.in; ++k) {
            sum = fmaf(from[k * x_plane], tap[k * conv.out * w_plane], sum);
          }
        }
      }
    }
    conv.y[i] = sum;
  }
}

CONVOY_CUDA_LAUNCH(conv_transpose, ConvTranspose) {
  int64_t count = problem.batch * problem.groups * problem.out;
  for (const SizedWindow& axis : problem.axis) count *= axis.output_size;
  return gpu::launch(by_outputs, gpu::grid_for(count), stream, problem);
}

}  // namespace
}  // namespace convoy::cuda
