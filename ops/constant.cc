// Constant, opset 1 and up (value, value_int … from 12 on; no sparse values), and ConstantOfShape,
// opset 9 and up: one element repeated over the shape that input 0 gives.
#include "ops/kernels/copy/copy.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

Tensor constant_value(const Node& node) {
  AttributeReader attributes(node);
  Tensor value;
  if (attributes.has("value")) {
    value = attributes.tensor("value");
  } else if (attributes.has("value_int")) {
    value = Tensor::scalar<int64_t>(attributes.integer("value_int", 0));
  } else if (attributes.has("value_float")) {
    value = Tensor::scalar<float>(attributes.number("value_float", 0));
  } else if (attributes.has("value_string")) {
    value = Tensor::scalar<std::string>(attributes.text("value_string", ""));
  } else if (attributes.has("value_ints")) {
    value = Tensor::from_int64s(attributes.integers("value_ints"));
  } else if (attributes.has("value_floats")) {
    auto list = attributes.numbers("value_floats");
    value = Tensor::from<float>({static_cast<int64_t>(list.size())}, list);
  } else if (attributes.has("value_strings")) {
    auto list = attributes.texts("value_strings");
    value = Tensor::from<std::string>({static_cast<int64_t>(list.size())}, list);
  }
  check_supported(!attributes.has("sparse_value"), "sparse constants are not supported");
  check_model(value.defined(), "the constant has no value");
  attributes.finish();
  return value;
}

void infer_constant(InferRequest& request) {
  Tensor value = constant_value(request.node);
  request.set_output(0, value.dtype(), value.shape());
}

std::unique_ptr<Kernel> make_constant(KernelRequest& request) {
  Tensor value = constant_value(request.node());
  request.accept_output_strides(0);
  return make_kernel([value](KernelContext& context) {
    copy_parallel(value.view(), context.output(0), context.threads());
  });
}

Tensor fill_value(const Node& node) {
  AttributeReader attributes(node);
  Tensor value = attributes.tensor("value");
  attributes.finish();
  if (!value.defined()) return Tensor::scalar<float>(0);
  check_model(value.count() == 1, "the value of ConstantOfShape has {} elements", value.count());
  return value.contiguous();
}

void infer_constant_of_shape(InferRequest& request) {
  Tensor value = fill_value(request.node);
  const Tensor* sizes = request.constant(0);
  if (sizes == nullptr) return;
  Shape shape{std::span<const int64_t>(to_int64s(*sizes))};
  element_count(shape);
  request.set_output(0, value.dtype(), shape);
}

std::unique_ptr<Kernel> make_constant_of_shape(KernelRequest& request) {
  Tensor value = fill_value(request.node());
  request.accept_output_strides(0);
  return make_kernel([value](KernelContext& context) {
    fill_parallel(context.output(0), value.raw(), context.threads());
  });
}

}  // namespace

void register_constant(Registry& registry) {
  registry.add("Constant").kernel("reference", make_constant).infer = infer_constant;
  registry.add("ConstantOfShape")
      .versions(9, std::numeric_limits<int>::max())
      .kernel("reference", make_constant_of_shape)
      .infer = infer_constant_of_shape;
}

}  // namespace convoy
