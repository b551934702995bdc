#include "ops/kernels/cuda/reduce.h"

#include "ops/kernels/cuda/block_reduce.h"
#include "runtime/device/cuda/library/grid.h"
#include "runtime/device/cuda/library/launches.h"

namespace convoy::cuda {
namespace {

// Fewer elements for each output than this are left to one thread.
constexpr int64_t kShort = 32;

struct SumOf {
  static constexpr double kStart = 0;
  using Operation = Add;
  __device__ static double term(float x) { return x; }
};
struct SumOfSquares : SumOf {
  __device__ static double term(float x) { return static_cast<double>(x) * x; }
};
struct SumOfMagnitudes : SumOf {
  __device__ static double term(float x) { return x < 0 ? -x : x; }
};
struct ProductOf : SumOf {
  static constexpr double kStart = 1;
  using Operation = Multiply;
};
struct LargestOf : SumOf {
  static constexpr double kStart = -INFINITY;
  using Operation = Larger;
};
struct SmallestOf : SumOf {
  static constexpr double kStart = INFINITY;
  using Operation = Smaller;
};

__device__ float finish(const Reduce& reduce, double total) {
  switch (reduce.kind) {
    case Reduction::mean: return static_cast<float>(total / static_cast<double>(reduce.count));
    case Reduction::l2: return static_cast<float>(sqrt(total));
    case Reduction::log_sum: return static_cast<float>(log(total));
    default: return static_cast<float>(total);
  }
}

// One thread of `step` that share an output takes the terms begin, begin + step, ….
template <typename Terms>
__device__ double partial(const Reduce& reduce, const float* x, int64_t begin, int64_t step) {
  double total = Terms::kStart;
  for (int64_t r = begin; r < reduce.count; r += step) {
    total = typename Terms::Operation()(total, Terms::term(x[offset_of(reduce.reduced, r)]));
  }
  return total;
}

template <typename Terms>
__global__ void __launch_bounds__(gpu::kThreadsOfElements)
    by_threads(const __grid_constant__ Reduce reduce) {
  for (int64_t o = gpu::first_index(); o < reduce.outputs; o += gpu::index_step()) {
    const float* x = reduce.x + offset_of(reduce.kept, o);
    reduce.y[o] = finish(reduce, partial<Terms>(reduce, x, 0, 1));
  }
}

template <typename Terms>
__global__ void __launch_bounds__(kReduceThreads) by_blocks(const __grid_constant__ Reduce reduce) {
  gpu::SharedMemory memory;
  auto* shared = memory.take<double>(kReduceThreads / warpSize);
  for (int64_t o = blockIdx.x; o < reduce.outputs; o += gridDim.x) {
    const float* x = reduce.x + offset_of(reduce.kept, o);
    double total = partial<Terms>(reduce, x, threadIdx.x, kReduceThreads);
    total = block_reduce(total, shared, typename Terms::Operation());
    if (threadIdx.x == 0) reduce.y[o] = finish(reduce, total);
  }
}

__global__ void __launch_bounds__(kReduceThreads)
    log_sum_exp(const __grid_constant__ Reduce reduce) {
  gpu::SharedMemory memory;
  auto* shared = memory.take<double>(kReduceThreads / warpSize);
  for (int64_t o = blockIdx.x; o < reduce.outputs; o += gridDim.x) {
    const float* x = reduce.x + offset_of(reduce.kept, o);
    double top = partial<LargestOf>(reduce, x, threadIdx.x, kReduceThreads);
    top = block_reduce(top, shared, Larger());
    if (top == INFINITY || top == -INFINITY) top = 0;
    double sum = 0;
    for (int64_t r = threadIdx.x; r < reduce.count; r += kReduceThreads) {
      sum += exp(x[offset_of(reduce.reduced, r)] - top);
    }
    sum = block_reduce(sum, shared, Add());
    if (threadIdx.x == 0) reduce.y[o] = static_cast<float>(log(sum) + top);
  }
}

template <typename Terms>
int launch(const Reduce& reduce, gpu::Stream stream) {
  if (reduce.count < kShort) {
    return gpu::launch(by_threads<Terms>, gpu::grid_for(reduce.outputs), stream, reduce);
  }
  return gpu::launch(by_blocks<Terms>, grid_of_rows(reduce.outputs), stream, reduce);
}

CONVOY_CUDA_LAUNCH(reduce, Reduce) {
  switch (problem.kind) {
    case Reduction::sum:
    case Reduction::mean:
    case Reduction::log_sum: return launch<SumOf>(problem, stream);
    case Reduction::max: return launch<LargestOf>(problem, stream);
    case Reduction::min: return launch<SmallestOf>(problem, stream);
    case Reduction::product: return launch<ProductOf>(problem, stream);
    case Reduction::sum_square:
    case Reduction::l2: return launch<SumOfSquares>(problem, stream);
    case Reduction::l1: return launch<SumOfMagnitudes>(problem, stream);
    case Reduction::log_sum_exp:
      return gpu::launch(log_sum_exp, grid_of_rows(problem.outputs), stream, problem);
  }
  return -1;
}

}  // namespace
}  // namespace convoy::cuda
