// IsNaN (opset 9 and up) and IsInf (10 and up), of every floating type.
#include <cmath>

#include "ops/batching/rules.h"
#include "ops/elementwise/typed_kernel.h"
#include "ops/kernels/cast/narrow_float.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

void infer_truth(InferRequest& request) {
  check_model(request.has_input(0), "input 0 is missing");
  request.set_output(0, DType::kBool, request.inputs[0].shape);
}

template <typename F>
std::unique_ptr<Kernel> make_predicate(KernelRequest& request, F holds) {
  DType dtype = request.input(0).dtype;
  if (is_narrow_float(dtype)) {
    return elementwise::make_raw_kernel<bool, uint8_t>(
        request, [holds, dtype](uint8_t code) { return holds(narrow_to_float(dtype, code)); });
  }
  return visit_floating(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using Real = std::conditional_t<std::is_same_v<T, double>, double, float>;
    return elementwise::make_typed_kernel<bool, T>(
        request, [holds](T x) { return holds(static_cast<Real>(x)); });
  });
}

std::unique_ptr<Kernel> make_is_nan(KernelRequest& request) {
  request.attributes().finish();
  return make_predicate(request, [](auto x) { return std::isnan(x); });
}

std::unique_ptr<Kernel> make_is_inf(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  bool negative = attributes.integer("detect_negative", 1) != 0;
  bool positive = attributes.integer("detect_positive", 1) != 0;
  attributes.finish();
  return make_predicate(request, [negative, positive](auto x) {
    return std::isinf(x) && (x < 0 ? negative : positive);
  });
}

}  // namespace

void register_is_nan(Registry& registry) {
  registry.add("IsNaN").kernel("reference", make_is_nan).batched({batch_unary}).infer = infer_truth;
  registry.add("IsInf").kernel("reference", make_is_inf).batched({batch_unary}).infer = infer_truth;
}

}  // namespace convoy
