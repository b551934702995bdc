// CDist of com.microsoft, opset 1: the distances of the rows of A [m, n] from those of B [k, n],
// euclidean or squared. float32, float64.
#include <algorithm>
#include <cmath>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

Shape distances_shape(const Shape& a, const Shape& b) {
  check_input(a.rank() == 2 && b.rank() == 2 && a[1] == b[1],
              "rows of the shapes {} and {} have no distances", to_string(a), to_string(b));
  return {a[0], b[0]};
}

template <typename T>
T squared_distance(const T* a, const T* b, int64_t n) {
  constexpr int64_t kSums = 8;
  T sums[kSums] = {};
  int64_t i = 0;
  for (; i + kSums <= n; i += kSums) {
    for (int64_t j = 0; j < kSums; ++j) sums[j] += (a[i + j] - b[i + j]) * (a[i + j] - b[i + j]);
  }
  T total = 0;
  for (; i < n; ++i) total += (a[i] - b[i]) * (a[i] - b[i]);
  for (T sum : sums) total += sum;
  return total;
}

template <typename T>
void run(KernelContext& context, bool squared) {
  const TensorView& a = context.input(0);
  const TensorView& b = context.input(1);
  const int64_t n = a.shape[1];
  const int64_t columns = b.shape[0];
  T* out = context.output(0).as<T>();
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, n * columns));
  context.threads().parallel_for(a.shape[0], grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t j = 0; j < columns; ++j) {
        const T distance = squared_distance(a.as<T>() + i * n, b.as<T>() + j * n, n);
        out[i * columns + j] = squared ? distance : std::sqrt(distance);
      }
    }
  });
}

std::unique_ptr<Kernel> make_cdist(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  const std::string metric = attributes.text("metric", "sqeuclidean");
  attributes.finish();
  check_supported(metric == "sqeuclidean" || metric == "euclidean", "the metric '{}'", metric);
  request.check_output(0, distances_shape(request.input(0).shape, request.input(1).shape));
  const bool squared = metric == "sqeuclidean";
  return visit_dtype_among<float, double>(request.input(0).dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return make_kernel([squared](KernelContext& context) { run<T>(context, squared); });
  });
}

}  // namespace

void register_cdist(Registry& registry) {
  OpDef& definition = registry.add("CDist", "com.microsoft");
  definition.infer = [](InferRequest& request) {
    request.set_output(0, request.inputs[0].dtype,
                       distances_shape(request.inputs[0].shape, request.inputs[1].shape));
  };
  definition.kernel("reference", make_cdist);
}

}  // namespace convoy
