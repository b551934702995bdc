// Where, opset 9 and up: elements of X where the condition is true, of Y elsewhere; the three
// operands broadcast. Any element type, any strides.
#include "ops/batching/rules.h"
#include "ops/elementwise/cuda_program.h"
#include "ops/elementwise/typed_kernel.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct Bytes16 {
  uint64_t words[2];
};

void infer_where(InferRequest& request) {
  check_model(request.has_input(0) && request.has_input(1) && request.has_input(2),
              "Where needs three inputs");
  Shape shape = broadcast_shapes(request.inputs[0].shape, request.inputs[1].shape);
  request.set_output(0, request.inputs[1].dtype, broadcast_shapes(shape, request.inputs[2].shape));
}

template <typename T>
std::unique_ptr<Kernel> make_for_size(KernelRequest& request) {
  return elementwise::make_raw_kernel<T, bool, T, T>(
      request, [](bool condition, const T& x, const T& y) { return condition ? x : y; });
}

std::unique_ptr<Kernel> make_where(KernelRequest& request) {
  request.attributes().finish();
  DType dtype = request.input(1).dtype;
  check_model(request.input(0).dtype == DType::kBool && request.input(2).dtype == dtype,
              "Where cannot choose between {} and {} by {}", to_string(request.input(1)),
              to_string(request.input(2)), to_string(request.input(0)));
  if (dtype == DType::kString) return make_for_size<std::string>(request);
  switch (size_of(dtype)) {
    case 1: return make_for_size<uint8_t>(request);
    case 2: return make_for_size<uint16_t>(request);
    case 4: return make_for_size<uint32_t>(request);
    case 8: return make_for_size<uint64_t>(request);
    default: return make_for_size<Bytes16>(request);
  }
}

std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  request.attributes().finish();
  return elementwise::make_cuda_kernel(request,
                                       elementwise::single_step(elementwise::Formula::kSelect));
}

}  // namespace

void register_where(Registry& registry) {
  registry.add("Where")
      .kernel("reference", make_where)
      .kernel("program", make_on_gpu, DeviceKind::kCuda)
      .batched({batch_broadcasting})
      .infer = infer_where;
}

}  // namespace convoy
