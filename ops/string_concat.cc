// StringConcat, opset 20 and up: element-wise concatenation with broadcasting.
#include "runtime/op/registry.h"

namespace convoy {
namespace {

std::unique_ptr<Kernel> make_string_concat(KernelRequest& request) {
  request.attributes().finish();
  for (int i = 0; i < 2; ++i) {
    check_input(request.input(i).dtype == DType::kString, "StringConcat of {}",
                to_string(request.input(i)));
  }
  return make_kernel([](KernelContext& context) {
    const TensorView& out = context.output(0);
    Strides strides[2];
    for (int i = 0; i < 2; ++i) {
      const TensorView& in = context.input(i);
      strides[i] = broadcast_strides(in.shape, contiguous_strides(in.shape), out.shape);
    }
    int64_t count = out.count();
    for (int64_t at = 0; at < count; ++at) {
      int64_t rest = at;
      int64_t x = 0;
      int64_t y = 0;
      for (int i = out.rank() - 1; i >= 0; --i) {
        x += rest % out.shape[i] * strides[0][i];
        y += rest % out.shape[i] * strides[1][i];
        rest /= out.shape[i];
      }
      out.as<std::string>()[at] =
          context.input(0).as<std::string>()[x] + context.input(1).as<std::string>()[y];
    }
  });
}

}  // namespace

void register_string_concat(Registry& registry) {
  registry.add("StringConcat")
      .versions(20, std::numeric_limits<int>::max())
      .kernel("reference", make_string_concat);
}

}  // namespace convoy
