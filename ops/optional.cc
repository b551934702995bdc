// Optional, OptionalHasElement, OptionalGetElement, opset 15 and up. From 18 on the latter two also
// take what is no optional: it counts as one that holds it.
#include "runtime/op/registry.h"

namespace convoy {
namespace {

std::unique_ptr<Kernel> make_optional(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  attributes.ignore("type");
  attributes.finish();
  return make_kernel([](KernelContext& context) {
    Optional optional;
    Value value = context.input_count() > 0 ? context.input_value(0) : Value();
    if (value.defined()) optional.element = std::make_shared<const Value>(std::move(value));
    context.set_output(0, optional);
  });
}

std::unique_ptr<Kernel> make_has_element(KernelRequest& request) {
  request.attributes().finish();
  return make_kernel([](KernelContext& context) {
    Value value = context.input_count() > 0 ? context.input_value(0) : Value();
    bool has = value.defined() && !(value.is_optional() && value.optional().empty());
    context.set_output(0, Tensor::scalar<bool>(has));
  });
}

std::unique_ptr<Kernel> make_get_element(KernelRequest& request) {
  request.attributes().finish();
  return make_kernel([](KernelContext& context) {
    Value value = context.input_value(0);
    check_input(value.defined(), "there is no value to take");
    if (value.is_optional()) {
      check_input(!value.optional().empty(), "the optional is empty");
      value = Value(*value.optional().element);
    }
    context.set_output(0, std::move(value));
  });
}

}  // namespace

void register_optional(Registry& registry) {
  registry.add("Optional").kernel("reference", make_optional).dynamic = true;
  registry.add("OptionalHasElement").kernel("reference", make_has_element).dynamic = true;
  registry.add("OptionalGetElement").kernel("reference", make_get_element).dynamic = true;
}

}  // namespace convoy
