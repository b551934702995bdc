#include <cmath>
#include <limits>
#include <type_traits>

#include "ops/pool/pool_problem.h"
#include "ops/pool/pool_walk.h"

namespace convoy {
namespace {

template <typename T>
using Sum = std::conditional_t<std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>, float, T>;

// The largest element so far and where it is in the tensor.
template <typename S>
struct Best {
  S value;
  int64_t index;
};

template <typename S>
constexpr S lowest() {
  if constexpr (std::numeric_limits<S>::has_infinity) return -std::numeric_limits<S>::infinity();
  return std::numeric_limits<S>::lowest();
}

// Row-major position in a plane to the same position counted column-major.
int64_t to_column_major(int64_t index, const Dims& sizes) {
  int64_t plane = element_count(sizes);
  int64_t rest = index % plane;
  int64_t result = index / plane * plane;
  int64_t stride = plane;
  for (int axis = sizes.rank() - 1; axis >= 0; --axis) {
    stride /= sizes[axis];
    result += rest % sizes[axis] * stride;
    rest /= sizes[axis];
  }
  return result;
}

template <typename T>
void run_max(const PoolProblem& problem, KernelContext& context) {
  using S = Sum<T>;
  const T* x = context.input(0).as<const T>();
  T* y = context.output(0).as<T>();
  int64_t* indices = context.has_output(1) ? context.output(1).as<int64_t>() : nullptr;
  auto start = [](Best<S>* best, int64_t count) {
    std::fill_n(best, count, Best<S>{lowest<S>(), -1});
  };
  auto combine = [x](Best<S>* best, const T* from, int64_t count, int64_t stride) {
    for (int64_t i = 0; i < count; ++i) {
      S value = static_cast<S>(from[i * stride]);
      if (best[i].index < 0 || value > best[i].value || value != value) {
        best[i] = {value, from + i * stride - x};
      }
    }
  };
  auto store = [&](int64_t position, const Dims&, const Best<S>* best, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      y[position + i] = static_cast<T>(best[i].value);
      if (!indices) continue;
      int64_t index = best[i].index;
      bool convert = problem.column_major && index >= 0;
      indices[position + i] = convert ? to_column_major(index, problem.window.input()) : index;
    }
  };
  PoolWalk walk(problem.window, problem.batch * problem.channels, 1);
  walk.run<Best<S>>(x, context.threads(), start, combine, store);
}

template <typename T>
void run_sum(const PoolProblem& problem, KernelContext& context) {
  using S = Sum<T>;
  T* y = context.output(0).as<T>();
  bool average = problem.kind == PoolKind::kAverage;
  S p = static_cast<S>(problem.p);
  auto start = [](S* sums, int64_t count) { std::fill_n(sums, count, S(0)); };
  auto combine = [average, p](S* sums, const T* x, int64_t count, int64_t stride) {
    for (int64_t i = 0; i < count; ++i) {
      S value = static_cast<S>(x[i * stride]);
      sums[i] += average ? value : std::pow(std::abs(value), p);
    }
  };
  auto store = [&](int64_t position, const Dims& first, const S* sums, int64_t count) {
    Dims at = first;
    for (int64_t i = 0; i < count; ++i, ++at[at.rank() - 1]) {
      S value = average ? sums[i] / static_cast<S>(problem.counted(at)) : std::pow(sums[i], 1 / p);
      y[position + i] = static_cast<T>(value);
    }
  };
  PoolWalk walk(problem.window, problem.batch * problem.channels, 1);
  walk.run<S>(context.input(0).as<const T>(), context.threads(), start, combine, store);
}

}  // namespace

std::unique_ptr<Kernel> make_reference_pool(KernelRequest& request, const PoolProblem& problem) {
  DType dtype = request.input(0).dtype;
  if (problem.kind != PoolKind::kMax) {
    return visit_floating(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      return make_kernel([problem](KernelContext& context) { run_sum<T>(problem, context); });
    });
  }
  return visit_dtype_among<float, double, Float16, BFloat16, int8_t, uint8_t>(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return make_kernel([problem](KernelContext& context) { run_max<T>(problem, context); });
  });
}

}  // namespace convoy
