// Equal, Less, LessOrEqual, Greater, GreaterOrEqual, opset 1 and up: two operands of one type that
// broadcast to each other give truth values.
#include "ops/kernels/elementwise/infer.h"
#include "ops/kernels/elementwise/legacy_broadcast.h"
#include "ops/kernels/elementwise/typed_kernel.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

enum class Comparison { kEqual, kLess, kLessOrEqual };

template <typename T>
std::unique_ptr<Kernel> make_typed(KernelRequest& request, Comparison comparison, bool swapped,
                                   int trailing_axes) {
  auto make = [&](auto f) {
    return elementwise::make_typed_kernel<bool, T, T>(request, f, trailing_axes);
  };
  switch (comparison) {
    case Comparison::kEqual: return make([](const T& a, const T& b) { return a == b; });
    case Comparison::kLess:
      if (swapped) return make([](const T& a, const T& b) { return b < a; });
      return make([](const T& a, const T& b) { return a < b; });
    default:
      if (swapped) return make([](const T& a, const T& b) { return b <= a; });
      return make([](const T& a, const T& b) { return a <= b; });
  }
}

std::unique_ptr<Kernel> make_compare(KernelRequest& request, Comparison comparison, bool swapped) {
  AttributeReader attributes = request.attributes();
  int trailing_axes = elementwise::read_legacy_broadcast(request, attributes);
  attributes.finish();
  auto visit = [&](auto tag) {
    using T = typename decltype(tag)::type;
    return make_typed<T>(request, comparison, swapped, trailing_axes);
  };
  DType dtype = request.input(0).dtype;
  if (comparison == Comparison::kEqual && dtype == DType::kString) {
    return elementwise::make_typed_kernel<bool, std::string, std::string>(
        request, [](const std::string& a, const std::string& b) { return a == b; });
  }
  if (dtype == DType::kBool) return visit(TypeTag<bool>{});
  return visit_numeric(dtype, visit);
}

void add(Registry& registry, const char* name, Comparison comparison, bool swapped) {
  OpDef& definition =
      registry.add(name).kernel("reference", [comparison, swapped](KernelRequest& request) {
        return make_compare(request, comparison, swapped);
      });
  definition.infer = elementwise::infer_broadcast_bool;
}

}  // namespace

void register_compare(Registry& registry) {
  add(registry, "Equal", Comparison::kEqual, false);
  add(registry, "Less", Comparison::kLess, false);
  add(registry, "LessOrEqual", Comparison::kLessOrEqual, false);
  add(registry, "Greater", Comparison::kLess, true);
  add(registry, "GreaterOrEqual", Comparison::kLessOrEqual, true);
}

}  // namespace convoy
