#include "ops/conv/reference_conv.h"

#include "ops/conv/conv_kernels.h"

namespace convoy {
namespace {

template <typename T>
using Sum = std::conditional_t<std::is_same_v<T, double>, double, float>;

template <typename T>
void run_reference(const ConvRequest& conv, KernelContext& context) {
  using Acc = Sum<T>;
  const T* bias = conv.has_bias ? context.input(2).as<const T>() : nullptr;
  const T* residual = conv.has_residual ? context.input(3).as<const T>() : nullptr;
  T* y = context.output(0).as<T>();
  int64_t plane = element_count(conv.shape.window.output());
  ReferenceConv<Acc, T, T> reference(conv.shape);
  auto store = [&](int64_t n, int64_t channel, int64_t first, const Acc* sums, int64_t count) {
    int64_t offset = (n * conv.shape.out_channels + channel) * plane + first;
    Acc base = bias ? static_cast<Acc>(bias[channel]) : Acc(0);
    for (int64_t i = 0; i < count; ++i) {
      Acc value = sums[i] + base;
      if (residual) value += static_cast<Acc>(residual[offset + i]);
      if (!conv.epilogue.is_identity()) {
        value = apply(conv.epilogue, static_cast<float>(value));
      }
      y[offset + i] = static_cast<T>(value);
    }
  };
  reference.run(context.input(0).as<const T>(), context.input(1).as<const T>(), Acc(0), nullptr,
                context.threads(), store);
}

}  // namespace

std::unique_ptr<Kernel> make_reference_conv(KernelRequest& request, const ConvRequest& conv) {
  return visit_floating(request.input(0).dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return make_kernel([conv](KernelContext& context) { run_reference<T>(conv, context); });
  });
}

}  // namespace convoy
