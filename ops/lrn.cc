// LRN, opset 1 to 28: x divided by (bias + alpha / size · Σ x²)^beta, the sum over `size` channels
// around each.

#include <cmath>

#include "ops/batching/rules.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct Lrn {
  double alpha = 1e-4;
  double beta = 0.75;
  double bias = 1.0;
  int64_t size = 1;
  int64_t batch = 1;
  int64_t channels = 1;
  int64_t inner = 1;
};

constexpr int64_t kWidth = 256;  // neighbouring elements in one piece of work

// One image: `width` neighbouring elements of every channel.
template <typename T>
void normalize_columns(const Lrn& lrn, const T* x, T* y, int64_t width) {
  using Work = std::conditional_t<std::is_same_v<T, double>, double, float>;
  const int64_t before = (lrn.size - 1) / 2;
  const int64_t after = lrn.size - 1 - before;
  const double scale = lrn.alpha / static_cast<double>(lrn.size);
  for (int64_t c = 0; c < lrn.channels; ++c) {
    const int64_t first = std::max<int64_t>(0, c - before);
    const int64_t last = std::min(lrn.channels - 1, c + after);
    double sums[kWidth] = {};
    for (int64_t k = first; k <= last; ++k) {
      const T* line = x + k * lrn.inner;
      for (int64_t i = 0; i < width; ++i) {
        sums[i] += static_cast<double>(line[i]) * static_cast<double>(line[i]);
      }
    }
    for (int64_t i = 0; i < width; ++i) {
      const double base = lrn.bias + scale * sums[i];
      const double root = std::sqrt(base);
      const double power = lrn.beta == 0.75 ? root * std::sqrt(root) : std::pow(base, lrn.beta);
      const int64_t at = c * lrn.inner + i;
      y[at] = static_cast<T>(static_cast<Work>(static_cast<double>(x[at]) / power));
    }
  }
}

std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  Lrn lrn;
  lrn.alpha = attributes.number("alpha", 1e-4f);
  lrn.beta = attributes.number("beta", 0.75f);
  lrn.bias = attributes.number("bias", 1.0f);
  lrn.size = attributes.required_integer("size");
  attributes.finish();
  check_model(lrn.size > 0, "size is {}", lrn.size);
  const Shape& shape = request.input(0).shape;
  check_input(shape.rank() >= 2, "input of rank {} has no channels", shape.rank());
  request.check_output(0, shape);
  lrn.batch = shape[0];
  lrn.channels = shape[1];
  for (int i = 2; i < shape.rank(); ++i) lrn.inner *= shape[i];
  return make_kernel([lrn](KernelContext& context) {
    const int64_t pieces = (lrn.inner + kWidth - 1) / kWidth;
    visit_floating(context.input(0).dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* x = context.input(0).as<T>();
      T* y = context.output(0).as<T>();
      context.threads().parallel_for(lrn.batch * pieces, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t column = i % pieces * kWidth;
          const int64_t at = i / pieces * lrn.channels * lrn.inner + column;
          normalize_columns(lrn, x + at, y + at, std::min(kWidth, lrn.inner - column));
        }
      });
    });
  });
}

}  // namespace

void register_lrn(Registry& registry) {
  registry.add("LRN").summing().kernel("reference", make_reference).batching = {batch_lrn};
}

}  // namespace convoy
