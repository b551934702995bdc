// EyeLike, opset 9 and up: ones on diagonal k of a matrix of the input's shape, zeros elsewhere.
#include "ops/kernels/copy/copy.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

std::unique_ptr<Kernel> make_eye(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  int64_t k = attributes.integer("k", 0);
  attributes.ignore("dtype");
  attributes.finish();
  check_input(request.input(0).rank() == 2, "EyeLike of a tensor of rank {}",
              request.input(0).rank());
  request.check_output(0, request.input(0).shape);
  return make_kernel([k](KernelContext& context) {
    const TensorView& out = context.output(0);
    int64_t rows = out.shape[0];
    int64_t columns = out.shape[1];
    visit_dtype_among<float, int64_t, int32_t, double, Float16, BFloat16, int8_t, uint8_t, int16_t,
                      uint16_t, uint32_t, uint64_t, bool>(out.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      T zero = T(0);
      fill_parallel(out, &zero, context.threads());
      if (k >= columns || k <= -rows) return;
      for (int64_t r = std::max<int64_t>(0, -k); r < rows && r + k < columns; ++r) {
        out.as<T>()[r * columns + r + k] = T(1);
      }
    });
  });
}

}  // namespace

void register_eye_like(Registry& registry) {
  registry.add("EyeLike")
      .versions(9, std::numeric_limits<int>::max())
      .kernel("reference", make_eye);
}

}  // namespace convoy
