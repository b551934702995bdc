#include "ops/matmul/reference_matmul.h"

#include "ops/kernels/cast/cast.h"
#include "ops/matmul/matmul_kernels.h"

namespace convoy {
namespace {

// Of a sum of T, whose bits an unsigned one holds where T is an integer.
template <typename T, typename Acc>
Acc scaled(Acc sum, float factor) {
  if constexpr (std::is_integral_v<T>) {
    const auto value = static_cast<double>(static_cast<T>(sum));
    return static_cast<Acc>(truncate<T>(value * static_cast<double>(factor)));
  } else {
    return static_cast<Acc>(sum * factor);
  }
}

template <typename T>
void run_reference(const MatMulRequest& request, KernelContext& context) {
  using Acc = typename MatMulSum<T>::type;
  const MatMulShape& shape = request.shape;
  const T* c = request.has_c ? context.input(2).as<const T>() : nullptr;
  const T* residual = request.has_residual ? context.input(3).as<const T>() : nullptr;
  T* y = context.output(0).as<T>();
  auto load = [](T value, int64_t) { return static_cast<Acc>(value); };
  auto store = [&](int64_t offset, int64_t row, int64_t first, const Acc* sums, int64_t count) {
    for (int64_t j = 0; j < count; ++j) {
      int64_t at = offset + j * shape.y_n;
      Acc value = sums[j];
      if (request.scale != 1) value = scaled<T>(value, request.scale);
      if (c) {
        Acc term = static_cast<Acc>(c[row * request.c_m + (first + j) * request.c_n]);
        value += request.beta == 1 ? term : scaled<T>(term, request.beta);
      }
      if (residual) value += static_cast<Acc>(residual[at]);
      if (!request.epilogue.is_identity()) {
        value = static_cast<Acc>(apply(request.epilogue, static_cast<float>(value)));
      }
      y[at] = static_cast<T>(value);
    }
  };
  reference_matmul<Acc>(shape, context.input(0).as<const T>(), context.input(1).as<const T>(),
                        context.threads(), load, load, store);
}

}  // namespace

std::unique_ptr<Kernel> make_reference_matmul(KernelRequest& request, MatMulReader read) {
  request.accept_strides(0);
  request.accept_strides(1);
  MatMulRequest problem = read(request);
  return visit_matmul(request.input(0).dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return make_kernel([problem](KernelContext& context) { run_reference<T>(problem, context); });
  });
}

}  // namespace convoy
