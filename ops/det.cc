// Det, opset 11 to 28: determinants of square matrices, by Gaussian elimination with partial
// pivots.

#include <cmath>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

double determinant(std::vector<double>& m, int64_t n) {
  auto at = [&](int64_t i, int64_t j) -> double& { return m[static_cast<size_t>(i * n + j)]; };
  double result = 1;
  for (int64_t k = 0; k < n; ++k) {
    int64_t pivot = k;
    for (int64_t i = k + 1; i < n; ++i) {
      if (std::abs(at(i, k)) > std::abs(at(pivot, k))) pivot = i;
    }
    if (at(pivot, k) == 0) return 0;
    if (pivot != k) {
      for (int64_t j = k; j < n; ++j) std::swap(at(pivot, j), at(k, j));
      result = -result;
    }
    result *= at(k, k);
    for (int64_t i = k + 1; i < n; ++i) {
      const double factor = at(i, k) / at(k, k);
      for (int64_t j = k + 1; j < n; ++j) at(i, j) -= factor * at(k, j);
    }
  }
  return result;
}

std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  request.attributes().finish();
  const Shape& shape = request.input(0).shape;
  const int rank = shape.rank();
  check_input(rank >= 2 && shape[rank - 1] == shape[rank - 2], "{} is no square matrix",
              to_string(shape));
  Shape stack = shape;
  stack.resize(rank - 2);
  request.check_output(0, stack);
  return make_kernel([n = shape.back()](KernelContext& context) {
    visit_floating(context.input(0).dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      using Work = std::conditional_t<std::is_same_v<T, double>, double, float>;
      const T* x = context.input(0).as<T>();
      std::vector<double> matrix(static_cast<size_t>(n * n));
      for (int64_t i = 0; i < context.output(0).count(); ++i, x += n * n) {
        for (size_t k = 0; k < matrix.size(); ++k) matrix[k] = static_cast<double>(x[k]);
        context.output(0).as<T>()[i] = static_cast<T>(static_cast<Work>(determinant(matrix, n)));
      }
    });
  });
}

}  // namespace

void register_det(Registry& registry) { registry.add("Det").kernel("reference", make_reference); }

}  // namespace convoy
