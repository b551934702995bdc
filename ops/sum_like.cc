// ai.convoy::SumLike(X, like) -> Y: X summed over the axes along which `like`, whose shape
// broadcasts to X's, was repeated; Y has the shape of `like`. What Gradient is written out with.

#include "ops/row_offsets.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

void infer(InferRequest& request) {
  request.set_output(0, request.inputs[0].dtype, request.inputs[1].shape);
}

std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  request.attributes().finish();
  const Shape& x = request.input(0).shape;
  const Shape& y = request.output(0).shape;
  request.check_output(0, request.input(1).shape);
  check_input(broadcast_shapes(x, y) == x, "{} does not broadcast to {}", to_string(y),
              to_string(x));
  const Strides to = broadcast_strides(y, contiguous_strides(y), x);
  return make_kernel([to](KernelContext& context) {
    const TensorView& x = context.input(0);
    const TensorView& y = context.output(0);
    TensorDesc target;
    target.shape = x.shape;
    target.strides = to;
    const RowOffsets place(target, x.rank());
    visit_floating(x.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      std::vector<double> sums(static_cast<size_t>(y.count()));
      for (int64_t i = 0; i < x.count(); ++i) {
        sums[static_cast<size_t>(place[i])] += static_cast<double>(x.as<T>()[i]);
      }
      for (size_t i = 0; i < sums.size(); ++i) {
        if constexpr (std::is_same_v<T, double>) {
          y.as<T>()[i] = sums[i];
        } else {
          y.as<T>()[i] = static_cast<T>(static_cast<float>(sums[i]));
        }
      }
    });
  });
}

}  // namespace

void register_sum_like(Registry& registry) {
  OpDef& definition = registry.add("SumLike", kPrivateDomain);
  definition.infer = infer;
  definition.kernel("reference", make_reference);
}

}  // namespace convoy
