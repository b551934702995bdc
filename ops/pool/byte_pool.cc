// MaxPool on 8-bit integers, without indices.
#include <limits>

#include "ops/pool/pool_problem.h"
#include "ops/pool/pool_walk.h"

namespace convoy {
namespace {

template <typename T>
void run(const PoolProblem& problem, KernelContext& context) {
  T* y = context.output(0).as<T>();
  auto start = [](T* best, int64_t count) {
    std::fill_n(best, count, std::numeric_limits<T>::lowest());
  };
  auto combine = [](T* best, const T* x, int64_t count, int64_t stride) {
    if (stride == 1) {
      for (int64_t i = 0; i < count; ++i) best[i] = std::max(best[i], x[i]);
    } else {
      for (int64_t i = 0; i < count; ++i) best[i] = std::max(best[i], x[i * stride]);
    }
  };
  auto store = [y](int64_t position, const Dims&, const T* best, int64_t count) {
    std::copy_n(best, count, y + position);
  };
  PoolWalk walk(problem.window, problem.batch * problem.channels, 1);
  walk.run<T>(context.input(0).as<const T>(), context.threads(), start, combine, store);
}

}  // namespace

std::unique_ptr<Kernel> make_byte_pool(KernelRequest& request, const PoolProblem& problem) {
  const DType dtype = request.input(0).dtype;
  if (dtype != DType::kUInt8 && dtype != DType::kInt8) return request.refuse("only 8-bit integers");
  if (problem.kind != PoolKind::kMax) return request.refuse("only maxima");
  if (request.has_output(1)) return request.refuse("no indices");
  return visit_dtype_among<uint8_t, int8_t>(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return make_kernel([problem](KernelContext& context) { run<T>(problem, context); });
  });
}

}  // namespace convoy
