// Pooling on a GPU: a window that is the whole input as a reduction, others a thread for each
// output.
#include "ops/cuda_kernel.h"
#include "ops/kernels/cuda/pool.h"
#include "ops/pool/pool_problem.h"
#include "ops/reduce/cuda_reduce.h"

namespace convoy {
namespace {

bool covers_input(const Window& window) {
  for (const SizedWindow& axis : window.axes) {
    const bool covers = axis.kernel == axis.input_size && axis.dilation == 1 &&
                        axis.pad_begin == 0 && axis.pad_end == 0 && axis.output_size == 1;
    if (!covers) return false;
  }
  return true;
}

// For each plane one sum or maximum of all of it.
std::unique_ptr<Kernel> make_reduction(KernelRequest& request, const PoolProblem& problem) {
  const TensorDesc& x = request.input(0);
  std::vector<bool> is_reduced(static_cast<size_t>(x.rank()), true);
  is_reduced[0] = is_reduced[1] = false;
  const bool max = problem.kind == PoolKind::kMax;
  return make_cuda_reduction(request, max ? ReduceKind::kMax : ReduceKind::kMean,
                             plan_reduction(x, is_reduced));
}

}  // namespace

std::unique_ptr<Kernel> make_cuda_pool(KernelRequest& request, const PoolProblem& problem) {
  const Window& window = problem.window;
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only for float32");
  if (request.has_output(1)) return request.refuse("indices are wanted");
  if (problem.kind != PoolKind::kLp && covers_input(window)) {
    return make_reduction(request, problem);
  }
  constexpr int kAxes = 3;
  if (window.rank() > kAxes) return request.refuse("more than 3 spatial axes");
  cuda::Pool planned;
  planned.planes = problem.batch * problem.channels;
  for (int i = 0; i < window.rank(); ++i) planned.axis[kAxes - window.rank() + i] = window[i];
  planned.kind = problem.kind == PoolKind::kMax       ? cuda::Pooling::max
                 : problem.kind == PoolKind::kAverage ? cuda::Pooling::average
                                                      : cuda::Pooling::lp;
  planned.counts_padding = problem.count_include_pad;
  planned.p = static_cast<float>(problem.p);
  if (request.output(0).count() == 0) return make_kernel([](KernelContext&) {});
  return make_cuda_launch(request, "pool", planned, [](cuda::Pool& pool, KernelContext& context) {
    pool.x = context.input(0).as<const float>();
    pool.y = context.output(0).as<float>();
  });
}

}  // namespace convoy
