// LpNormalization, opset 1 to 28: x divided by the L1 or L2 norm along an axis; a zero norm gives 0
// from opset 22 on and, as there is no better answer, below.

#include <cmath>

#include "ops/batching/rules.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct LpNormalization {
  int64_t p = 2;
  int64_t outer = 1;
  int64_t n = 1;
  int64_t inner = 1;
};

template <typename T>
void run(const LpNormalization& lp, KernelContext& context) {
  using Work = std::conditional_t<std::is_same_v<T, double>, double, float>;
  const T* x = context.input(0).as<T>();
  T* y = context.output(0).as<T>();
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, lp.n));
  context.threads().parallel_for(lp.outer * lp.inner, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t at = i / lp.inner * lp.n * lp.inner + i % lp.inner;
      double norm = 0;
      for (int64_t k = 0; k < lp.n; ++k) {
        const double value = static_cast<double>(x[at + k * lp.inner]);
        norm += lp.p == 1 ? std::abs(value) : value * value;
      }
      if (lp.p == 2) norm = std::sqrt(norm);
      for (int64_t k = 0; k < lp.n; ++k) {
        const double value = static_cast<double>(x[at + k * lp.inner]);
        y[at + k * lp.inner] = static_cast<T>(static_cast<Work>(norm == 0 ? 0 : value / norm));
      }
    }
  });
}

std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  const Shape& shape = request.input(0).shape;
  const int axis = normalize_axis(attributes.integer("axis", -1), shape.rank());
  request.check_output(0, shape);
  LpNormalization lp;
  lp.p = attributes.integer("p", 2);
  attributes.finish();
  check_model(lp.p == 1 || lp.p == 2, "p is {}, expected 1 or 2", lp.p);
  for (int i = 0; i < shape.rank(); ++i) {
    (i < axis ? lp.outer : i == axis ? lp.n : lp.inner) *= shape[i];
  }
  return make_kernel([lp](KernelContext& context) {
    visit_floating(context.input(0).dtype,
                   [&](auto tag) { run<typename decltype(tag)::type>(lp, context); });
  });
}

}  // namespace

void register_lp_normalization(Registry& registry) {
  registry.add("LpNormalization").summing().kernel("reference", make_reference).batching = {
      batch_softmax};
}

}  // namespace convoy
