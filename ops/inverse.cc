// Inverse of com.microsoft, opset 1: the inverses of the matrices in the last two axes. A singular
// matrix gives infinities and NaN.
#include <cmath>
#include <utility>
#include <vector>

#include "ops/elementwise/infer.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

// Gauss and Jordan's elimination with the largest pivot of each column: [a | y] becomes [1 | a⁻¹].
void invert(std::vector<double>& a, std::vector<double>& y, size_t n) {
  for (size_t column = 0; column < n; ++column) {
    size_t pivot = column;
    for (size_t row = column + 1; row < n; ++row) {
      if (std::abs(a[row * n + column]) > std::abs(a[pivot * n + column])) pivot = row;
    }
    for (size_t j = 0; j < n; ++j) {
      std::swap(a[pivot * n + j], a[column * n + j]);
      std::swap(y[pivot * n + j], y[column * n + j]);
    }
    const double factor = 1 / a[column * n + column];
    for (size_t j = 0; j < n; ++j) {
      a[column * n + j] *= factor;
      y[column * n + j] *= factor;
    }
    for (size_t row = 0; row < n; ++row) {
      const double times = a[row * n + column];
      if (row == column || times == 0) continue;
      for (size_t j = 0; j < n; ++j) {
        a[row * n + j] -= times * a[column * n + j];
        y[row * n + j] -= times * y[column * n + j];
      }
    }
  }
}

template <typename T>
void run(KernelContext& context) {
  using Work = std::conditional_t<std::is_same_v<T, double>, double, float>;
  const TensorView& input = context.input(0);
  const int64_t n = input.shape.back();
  const int64_t count = n == 0 ? 0 : input.count() / (n * n);
  const auto size = static_cast<size_t>(n);
  context.threads().parallel_for(count, 1, [&](int64_t begin, int64_t end) {
    std::vector<double> a(size * size);
    std::vector<double> y(size * size);
    for (int64_t i = begin; i < end; ++i) {
      const T* from = input.as<T>() + i * n * n;
      T* to = context.output(0).as<T>() + i * n * n;
      for (size_t j = 0; j < a.size(); ++j) {
        a[j] = static_cast<double>(from[j]);
        y[j] = j / size == j % size ? 1 : 0;
      }
      invert(a, y, size);
      for (size_t j = 0; j < y.size(); ++j) to[j] = static_cast<T>(static_cast<Work>(y[j]));
    }
  });
}

std::unique_ptr<Kernel> make_inverse(KernelRequest& request) {
  request.attributes().finish();
  const Shape& shape = request.input(0).shape;
  check_input(shape.rank() >= 2 && shape[shape.rank() - 2] == shape.back(),
              "the shape {} is not one of square matrices", to_string(shape));
  checked_multiply(shape.back(), checked_multiply(shape.back(), sizeof(double)));
  request.check_output(0, shape);
  return make_kernel([](KernelContext& context) {
    visit_floating(context.input(0).dtype,
                   [&](auto tag) { run<typename decltype(tag)::type>(context); });
  });
}

}  // namespace

void register_inverse(Registry& registry) {
  OpDef& definition = registry.add("Inverse", "com.microsoft");
  definition.infer = elementwise::infer_as_input;
  definition.kernel("reference", make_inverse);
}

}  // namespace convoy
