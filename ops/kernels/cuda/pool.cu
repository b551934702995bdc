#include "ops/kernels/cuda/pool.h"

#include "runtime/device/cuda/library/grid.h"
#include "runtime/device/cuda/library/launches.h"

namespace convoy::cuda {
namespace {

// The taps [first, last) of a window that lie inside the input, and how many an average counts.
struct Taps {
  int64_t start, first, last, counted;

  __device__ Taps(const SizedWindow& axis, int64_t output, bool counts_padding) {
    start = output * axis.stride - axis.pad_begin;
    first = start >= 0 ? 0 : (-start + axis.dilation - 1) / axis.dilation;
    last = inside(axis, axis.input_size - start);
    if (first > last) first = last;
    counted = counts_padding ? inside(axis, axis.input_size + axis.pad_end - start) : last - first;
  }

  // Of the taps, those before the end of so many positions.
  __device__ static int64_t inside(const SizedWindow& axis, int64_t room) {
    const int64_t taps = room <= 0 ? 0 : (room + axis.dilation - 1) / axis.dilation;
    return taps < axis.kernel ? taps : axis.kernel;
  }
  __device__ int64_t input(const SizedWindow& axis, int64_t tap) const {
    return start + tap * axis.dilation;
  }
};

__device__ float add(const Pool& pool, float sum, float x) {
  switch (pool.kind) {
    case Pooling::max: return x > sum || x != x ? x : sum;
    case Pooling::average: return sum + x;
    case Pooling::lp: break;
  }
  const float magnitude = fabsf(x);
  return sum + (pool.p == 1 ? magnitude : pool.p == 2 ? x * x : powf(magnitude, pool.p));
}

__device__ float finish(const Pool& pool, float sum, int64_t counted) {
  switch (pool.kind) {
    case Pooling::max: return sum;
    case Pooling::average: return sum / static_cast<float>(counted < 1 ? 1 : counted);
    case Pooling::lp: break;
  }
  return pool.p == 1 ? sum : pool.p == 2 ? sqrtf(sum) : powf(sum, 1 / pool.p);
}

__global__ void __launch_bounds__(gpu::kThreadsOfElements)
    by_outputs(const __grid_constant__ Pool pool) {
  const SizedWindow &outer = pool.axis[0], &middle = pool.axis[1], &inner = pool.axis[2];
  const int64_t count = pool.planes * outer.output_size * middle.output_size * inner.output_size;
  for (int64_t i = gpu::first_index(); i < count; i += gpu::index_step()) {
    int64_t rest = i;
    const Taps columns(inner, rest % inner.output_size, pool.counts_padding);
    rest /= inner.output_size;
    const Taps rows(middle, rest % middle.output_size, pool.counts_padding);
    rest /= middle.output_size;
    const Taps slices(outer, rest % outer.output_size, pool.counts_padding);
    const float* x =
        pool.x + rest / outer.output_size * outer.input_size * middle.input_size * inner.input_size;
    float sum = pool.kind == Pooling::max ? -INFINITY : 0;
    for (int64_t a = slices.first; a < slices.last; ++a) {
      const float* slice = x + slices.input(outer, a) * middle.input_size * inner.input_size;
      for (int64_t b = rows.first; b < rows.last; ++b) {
        const float* row = slice + rows.input(middle, b) * inner.input_size;
        for (int64_t c = columns.first; c < columns.last; ++c) {
          sum = add(pool, sum, row[columns.input(inner, c)]);
        }
      }
    }
    pool.y[i] = finish(pool, sum, slices.counted * rows.counted * columns.counted);
  }
}

CONVOY_CUDA_LAUNCH(pool, Pool) {
  int64_t count = problem.planes;
  for (const SizedWindow& axis : problem.axis) count *= axis.output_size;
  return gpu::launch(by_outputs, gpu::grid_for(count), stream, problem);
}

}  // namespace
}  // namespace convoy::cuda
