// MeanVarianceNormalization, opset 1 to 28: (x - mean) / (√variance + 1e-9) over axes. Below opset
// 9 these are all of them or all but the channels, and the division may be left out.

#include "ops/reduce/reduce.h"
#include "ops/row_statistics.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

constexpr double kEpsilon = 1e-9;

struct MeanVariance {
  std::vector<int64_t> axes;  // empty: all
  bool scaled = true;
};

MeanVariance read_attributes(const KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  MeanVariance result;
  if (request.node().version < 9) {
    const bool across_channels = attributes.integer("across_channels", 0) != 0;
    result.scaled = attributes.integer("normalize_variance", 1) != 0;
    for (int axis = 0; axis < request.input(0).rank() && !across_channels; ++axis) {
      if (axis != 1) result.axes.push_back(axis);
    }
  } else {
    result.axes = attributes.integers("axes", {0, 2, 3});
  }
  attributes.finish();
  return result;
}

ReducePlan plan_of(const KernelRequest& request, const MeanVariance& attributes) {
  const TensorDesc& x = request.input(0);
  const ReduceAttributes reduction{attributes.axes, false};
  return plan_reduction(TensorDesc::contiguous(x.dtype, x.shape),
                        reduced_dimensions(reduction, nullptr, x.rank()));
}

double factor_of(bool scaled, double variance) {
  return scaled ? 1.0 / (std::sqrt(variance) + kEpsilon) : 1.0;
}

// One output of the plan, elements `stride` apart.
template <typename T>
void normalize(const ReducePlan& plan, bool scaled, const T* x, T* y) {
  using Work = std::conditional_t<std::is_same_v<T, double>, double, float>;
  auto each = [&](auto&& visit) {
    for (int64_t r = 0; r < plan.outer; ++r) {
      for (int64_t i = 0; i < plan.n; ++i) visit(plan.reduced[r] + i * plan.stride);
    }
  };
  const auto count = static_cast<double>(plan.reduced_count);
  double mean = 0;
  each([&](int64_t at) { mean += static_cast<double>(x[at]); });
  mean /= count;
  double variance = 0;
  each([&](int64_t at) {
    const double difference = static_cast<double>(x[at]) - mean;
    variance += difference * difference;
  });
  const double factor = factor_of(scaled, variance / count);
  each([&](int64_t at) {
    const double value = (static_cast<double>(x[at]) - mean) * factor;
    y[at] = static_cast<T>(static_cast<Work>(value));
  });
}

int64_t grain_of(const ReducePlan& plan) {
  return std::max<int64_t>(1, 8192 / std::max<int64_t>(1, plan.reduced_count));
}

std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  const MeanVariance attributes = read_attributes(request);
  const ReducePlan plan = plan_of(request, attributes);
  request.check_output(0, request.input(0).shape);
  return make_kernel([attributes, plan](KernelContext& context) {
    visit_floating(context.input(0).dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* x = context.input(0).as<T>();
      T* y = context.output(0).as<T>();
      context.threads().parallel_for(plan.outputs, grain_of(plan), [&](int64_t begin, int64_t end) {
        for (int64_t o = begin; o < end; ++o) {
          normalize(plan, attributes.scaled, x + plan.kept[o], y + plan.kept[o]);
        }
      });
    });
  });
}

std::unique_ptr<Kernel> make_vectorized(KernelRequest& request) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only for float32");
  const MeanVariance attributes = read_attributes(request);
  const ReducePlan plan = plan_of(request, attributes);
  request.check_output(0, request.input(0).shape);
  if (plan.stride != 1) return request.refuse("the last axis is not normalized");
  const RowKernels& kernels = row_kernels(request.isa);
  return make_kernel([attributes, plan, &kernels](KernelContext& context) {
    const float* x = context.input(0).as<float>();
    float* y = context.output(0).as<float>();
    context.threads().parallel_for(plan.outputs, grain_of(plan), [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o) {
        const int64_t base = plan.kept[o];
        const RowStatistics row =
            row_statistics(kernels, plan.reduced_count, true, [&](auto&& visit) {
              for (int64_t r = 0; r < plan.outer; ++r) visit(x + base + plan.reduced[r], plan.n);
            });
        const auto factor = static_cast<float>(factor_of(attributes.scaled, row.variance));
        for (int64_t r = 0; r < plan.outer; ++r) {
          const int64_t at = base + plan.reduced[r];
          kernels.affine(x + at, y + at, plan.n, row.mean, factor, 0.0f);
        }
      }
    });
  });
}

void infer_same(InferRequest& request) {
  request.set_output(0, request.inputs[0].dtype, request.inputs[0].shape);
}

}  // namespace

void register_mean_variance_normalization(Registry& registry) {
  OpDef& definition = registry.add("MeanVarianceNormalization");
  definition.infer = infer_same;
  definition.summing().kernel("vectorized", make_vectorized).kernel("reference", make_reference);
}

}  // namespace convoy
