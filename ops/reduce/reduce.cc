// ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceProd, ReduceSumSquare, ReduceL1, ReduceL2,
// ReduceLogSum, ReduceLogSumExp, opset 1 to 28; axes are an attribute below opset 18 (ReduceSum:
// 13).

#include "ops/reduce/reduce.h"

#include <cmath>
#include <limits>

#include "ops/batching/rules.h"
#include "ops/kernels/cast/cast.h"
#include "ops/kernels/row/row.h"
#include "ops/reduce/cuda_reduce.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

int axes_input_since(ReduceKind kind) { return kind == ReduceKind::kSum ? 13 : 18; }

// Sums of integers wrap around like NumPy's.
template <typename Work>
Work add(Work a, Work b) {
  if constexpr (std::is_integral_v<Work>) {
    return static_cast<Work>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  } else {
    return a + b;
  }
}

template <typename Work>
Work multiply(Work a, Work b) {
  if constexpr (std::is_integral_v<Work>) {
    return static_cast<Work>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  } else {
    return a * b;
  }
}

template <typename Work>
Work to_work(double value) {
  if constexpr (std::is_integral_v<Work>) {
    return truncate<Work>(value);
  } else {
    return value;
  }
}

template <typename T, typename Work>
Work lowest() {
  if constexpr (std::is_integral_v<T>) return std::numeric_limits<T>::lowest();
  return -std::numeric_limits<Work>::infinity();
}

template <typename T, typename Work>
Work highest() {
  if constexpr (std::is_integral_v<T>) return std::numeric_limits<T>::max();
  return std::numeric_limits<Work>::infinity();
}

// std::isnan for any arithmetic type.
template <typename Work>
bool is_nan(Work value) {
  return value != value;
}

// `each(visit)` calls visit with every element, as often as asked.
template <typename T, typename Work, typename Each>
Work reduce_elements(ReduceKind kind, int64_t count, const Each& each) {
  Work total = 0;
  switch (kind) {
    case ReduceKind::kSum:
    case ReduceKind::kMean:
    case ReduceKind::kLogSum: each([&](Work value) { total = add(total, value); }); break;
    case ReduceKind::kSumSquare:
    case ReduceKind::kL2:
      each([&](Work value) { total = add(total, multiply(value, value)); });
      break;
    case ReduceKind::kL1:
      each([&](Work value) { total = add(total, value < 0 ? multiply(value, Work(-1)) : value); });
      break;
    case ReduceKind::kProd:
      total = 1;
      each([&](Work value) { total = multiply(total, value); });
      break;
    case ReduceKind::kMax:
      total = lowest<T, Work>();
      each([&](Work value) { total = value > total || is_nan(value) ? value : total; });
      break;
    case ReduceKind::kMin:
      total = highest<T, Work>();
      each([&](Work value) { total = value < total || is_nan(value) ? value : total; });
      break;
    case ReduceKind::kLogSumExp: {
      double top = -std::numeric_limits<double>::infinity();
      each([&](Work value) { top = std::max(top, static_cast<double>(value)); });
      if (std::isinf(top)) top = 0;
      double sum = 0;
      each([&](Work value) { sum += std::exp(static_cast<double>(value) - top); });
      return to_work<Work>(std::log(sum) + top);
    }
  }
  if (kind == ReduceKind::kMean) {
    if (std::is_integral_v<Work> && count == 0) return 0;
    return total / static_cast<Work>(count);
  }
  if (kind == ReduceKind::kL2) return to_work<Work>(std::sqrt(static_cast<double>(total)));
  if (kind == ReduceKind::kLogSum) return to_work<Work>(std::log(static_cast<double>(total)));
  return total;
}

template <typename T>
void run_reference(ReduceKind kind, const ReducePlan& plan, KernelContext& context) {
  using Work = std::conditional_t<std::is_same_v<T, uint64_t>, uint64_t,
                                  std::conditional_t<std::is_integral_v<T>, int64_t, double>>;
  const T* x = context.input(0).as<T>();
  T* y = context.output(0).as<T>();
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, plan.reduced_count));
  context.threads().parallel_for(plan.outputs, grain, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      const T* base = x + plan.kept[o];
      auto each = [&](auto&& visit) {
        for (int64_t r = 0; r < plan.outer; ++r) {
          const T* line = base + plan.reduced[r];
          for (int64_t i = 0; i < plan.n; ++i) visit(static_cast<Work>(line[i * plan.stride]));
        }
      };
      Work result = reduce_elements<T, Work>(kind, plan.reduced_count, each);
      if constexpr (std::is_arithmetic_v<T>) {
        y[o] = static_cast<T>(result);
      } else {
        y[o] = static_cast<T>(static_cast<float>(result));
      }
    }
  });
}

// The plan where the axes are known beforehand, otherwise made from the axes of this run.
class Planned {
 public:
  Planned(KernelRequest& request, ReduceKind kind)
      : attributes_(read_reduce_attributes(request, axes_input_since(kind))) {
    fixed_ = !request.has_input(1) || request.constant(1) != nullptr;
    if (!fixed_) return;
    const TensorDesc& input = request.input(0);
    const std::vector<bool> is_reduced =
        reduced_dimensions(attributes_, request.constant(1), input.rank());
    request.check_output(0, reduced_shape(input.shape, is_reduced, attributes_.keepdims));
    plan_ = plan_reduction(input, is_reduced);
  }
  bool fixed() const { return fixed_; }
  const ReducePlan& plan() const { return plan_; }  // where it is fixed
  ReducePlan of(KernelContext& context) const {
    if (fixed_) return plan_;
    const Tensor axes = Tensor::borrow(context.input(1));
    const ReducePlan plan = plan_reduction(
        context.input(0), reduced_dimensions(attributes_, &axes, context.input(0).rank()));
    check_input(plan.outputs == context.output(0).count(), "axes do not fit the output's shape");
    return plan;
  }

 private:
  ReduceAttributes attributes_;
  ReducePlan plan_;
  bool fixed_ = false;
};

template <ReduceKind kind>
std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  request.accept_strides(0);
  const Planned planned(request, kind);
  return make_kernel([planned](KernelContext& context) {
    const ReducePlan plan = planned.of(context);
    const DType dtype = context.input(0).dtype;
    if constexpr (kind == ReduceKind::kMax || kind == ReduceKind::kMin) {
      if (dtype == DType::kBool) return run_reference<bool>(kind, plan, context);
    }
    visit_numeric(
        dtype, [&](auto tag) { run_reference<typename decltype(tag)::type>(kind, plan, context); });
  });
}

RunReduction run_reduction(ReduceKind kind, const RowKernels& kernels) {
  switch (kind) {
    case ReduceKind::kMax: return kernels.max;
    case ReduceKind::kMin: return kernels.min;
    case ReduceKind::kL1: return kernels.sum_abs;
    case ReduceKind::kL2:
    case ReduceKind::kSumSquare: return kernels.sum_squares;
    default: return kernels.sum;
  }
}

double neutral(ReduceKind kind) {
  if (kind == ReduceKind::kMax) return -std::numeric_limits<double>::infinity();
  if (kind == ReduceKind::kMin) return std::numeric_limits<double>::infinity();
  return 0;
}

float finish(ReduceKind kind, double total, int64_t count) {
  if (kind == ReduceKind::kMean) total /= static_cast<double>(count);
  if (kind == ReduceKind::kL2) total = std::sqrt(total);
  if (kind == ReduceKind::kLogSum) total = std::log(total);
  return static_cast<float>(total);
}

double with_term(ReduceKind kind, double total, double value) {
  if (kind == ReduceKind::kL1) return total + std::abs(value);
  const bool squared = kind == ReduceKind::kL2 || kind == ReduceKind::kSumSquare;
  return total + (squared ? value * value : value);
}

// The total of the output whose elements begin at `x`, made anew in double where sums of floats
// left their range: infinities, and squares that vanished.
double within_range(ReduceKind kind, double total, const ReducePlan& plan, const float* x) {
  constexpr double kSmallestSquares = 1e-25;
  if (kind == ReduceKind::kMax || kind == ReduceKind::kMin) return total;
  const bool squared = kind == ReduceKind::kL2 || kind == ReduceKind::kSumSquare;
  if (std::isfinite(total) && (!squared || total > kSmallestSquares)) return total;
  total = 0;
  for (int64_t r = 0; r < plan.outer; ++r) {
    const float* line = x + plan.reduced[r];
    for (int64_t i = 0; i < plan.n; ++i) {
      total = with_term(kind, total, static_cast<double>(line[i * plan.stride]));
    }
  }
  return total;
}

// Each output from runs of neighbouring input elements.
void reduce_rows(ReduceKind kind, const RunReduction& run, const ReducePlan& plan, const float* x,
                 float* y, ThreadPool& threads) {
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, plan.reduced_count));
  threads.parallel_for(plan.outputs, grain, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      const float* base = x + plan.kept[o];
      double total = neutral(kind);
      for (int64_t r = 0; r < plan.outer; ++r) run.row(base + plan.reduced[r], plan.n, &total);
      y[o] = finish(kind, within_range(kind, total, plan, base), plan.reduced_count);
    }
  });
}

// Neighbouring outputs from neighbouring input elements, up to kWidth at a time.
void reduce_columns(ReduceKind kind, const RunReduction& run, const ReducePlan& plan,
                    const float* x, float* y, ThreadPool& threads) {
  constexpr int64_t kWidth = 256;
  const int64_t pieces = (plan.width + kWidth - 1) / kWidth;
  const int64_t work = plan.reduced_count * std::min(plan.width, kWidth);
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, work));
  const int64_t count = plan.outputs / plan.width * pieces;
  threads.parallel_for(count, grain, [&](int64_t begin, int64_t end) {
    double totals[kWidth];
    for (int64_t p = begin; p < end; ++p) {
      const int64_t row = p / pieces;
      const int64_t column = p % pieces * kWidth;
      const int64_t width = std::min(kWidth, plan.width - column);
      const float* base = x + plan.kept_outer[row] + column;
      std::fill(totals, totals + width, neutral(kind));
      for (int64_t r = 0; r < plan.outer; ++r) {
        run.columns(base + plan.reduced[r], plan.n, plan.stride, width, totals);
      }
      float* out = y + row * plan.width + column;
      for (int64_t k = 0; k < width; ++k) {
        const double total = within_range(kind, totals[k], plan, base + k);
        out[k] = finish(kind, total, plan.reduced_count);
      }
    }
  });
}

// Few elements an output, wherever they lie: one addition after the other.
template <ReduceKind kind>
void reduce_short(const ReducePlan& plan, const float* x, float* y, ThreadPool& threads) {
  constexpr int64_t kWidth = 256;
  const int64_t pieces = (plan.width + kWidth - 1) / kWidth;
  auto take = [](double total, double value) {
    if constexpr (kind == ReduceKind::kMax) return value > total || is_nan(value) ? value : total;
    if constexpr (kind == ReduceKind::kMin) return value < total || is_nan(value) ? value : total;
    return with_term(kind, total, value);
  };
  auto work = [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const int64_t row = p / pieces;
      const int64_t first = p % pieces * kWidth;
      const int64_t last = std::min(first + kWidth, plan.width);
      const float* base = x + plan.kept_outer[row];
      for (int64_t k = first; k < last; ++k) {
        double total = neutral(kind);
        for (int64_t r = 0; r < plan.outer; ++r) {
          const float* from = base + k * plan.width_stride + plan.reduced[r];
          for (int64_t i = 0; i < plan.n; ++i) {
            total = take(total, static_cast<double>(from[i * plan.stride]));
          }
        }
        y[row * plan.width + k] = finish(kind, total, plan.reduced_count);
      }
    }
  };
  const int64_t grain = std::max<int64_t>(1, 16384 / (plan.reduced_count * kWidth));
  threads.parallel_for(plan.outputs / plan.width * pieces, grain, work);
}

constexpr int64_t kShort = 16;

template <ReduceKind kind>
std::unique_ptr<Kernel> make_vectorized(KernelRequest& request) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only for float32");
  const Planned planned(request, kind);
  if (!planned.fixed()) return request.refuse("axes are not known before the run");
  const RunReduction run = run_reduction(kind, row_kernels(request.isa));
  request.accept_strides(0);
  return make_kernel([planned, run](KernelContext& context) {
    const ReducePlan plan = planned.of(context);
    if (plan.outputs == 0) return;
    const float* x = context.input(0).as<float>();
    float* y = context.output(0).as<float>();
    const bool rows = plan.stride == 1 && plan.n > 1;
    const bool is_short = plan.reduced_count > 0 && plan.reduced_count <= kShort;
    if (is_short && (rows || plan.width_stride != 1)) {
      return reduce_short<kind>(plan, x, y, context.threads());
    }
    if (rows) return reduce_rows(kind, run, plan, x, y, context.threads());
    if (plan.width_stride == 1) return reduce_columns(kind, run, plan, x, y, context.threads());
    run_reference<float>(kind, plan, context);
  });
}

template <ReduceKind kind>
std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  const Planned planned(request, kind);
  if (!planned.fixed()) return request.refuse("axes are not known before the run");
  return make_cuda_reduction(request, kind, planned.plan());
}

template <ReduceKind kind>
void add_reference(OpDef& definition) {
  definition.batched({batch_reduction})
      .kernel("reference", make_reference<kind>)
      .kernel("blocks", make_on_gpu<kind>, DeviceKind::kCuda);
}

template <ReduceKind kind>
void add_vectorized(Registry& registry, std::string_view name) {
  add_reference<kind>(registry.add(name).kernel("vectorized", make_vectorized<kind>));
}

}  // namespace

void register_reduce(Registry& registry) {
  add_vectorized<ReduceKind::kSum>(registry, "ReduceSum");
  add_vectorized<ReduceKind::kMean>(registry, "ReduceMean");
  add_vectorized<ReduceKind::kMax>(registry, "ReduceMax");
  add_vectorized<ReduceKind::kMin>(registry, "ReduceMin");
  add_vectorized<ReduceKind::kSumSquare>(registry, "ReduceSumSquare");
  add_vectorized<ReduceKind::kL1>(registry, "ReduceL1");
  add_vectorized<ReduceKind::kL2>(registry, "ReduceL2");
  add_vectorized<ReduceKind::kLogSum>(registry, "ReduceLogSum");
  add_reference<ReduceKind::kLogSumExp>(registry.add("ReduceLogSumExp"));
  add_reference<ReduceKind::kProd>(registry.add("ReduceProd"));
}

}  // namespace convoy
