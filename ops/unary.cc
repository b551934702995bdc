// Functions of one number, opset 1 and up: Abs, Neg, Sign (integers too), Sqrt, Exp, Log, Floor,
// Ceil, Round, Reciprocal, Erf, trigonometric and hyperbolic functions. Any strides.
#include "ops/batching/rules.h"
#include "ops/kernels/elementwise/infer.h"
#include "ops/kernels/elementwise/operators.h"
#include "ops/kernels/elementwise/program_kernel.h"
#include "ops/kernels/elementwise/typed_kernel.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

using elementwise::Operator;

void read_no_attributes(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  attributes.ignore("consumed_inputs");
  attributes.finish();
}

struct Negate {
  template <typename T>
  T operator()(T x) const {
    using Unsigned = std::make_unsigned_t<T>;
    return static_cast<T>(Unsigned{0} - static_cast<Unsigned>(x));
  }
};
struct Abs {
  template <typename T>
  T operator()(T x) const {
    return std::is_signed_v<T> && x < T{0} ? Negate{}(x) : x;
  }
};
struct Sign {
  template <typename T>
  T operator()(T x) const {
    return static_cast<T>((x > T{0}) - (std::is_signed_v<T> && x < T{0}));
  }
};

template <typename F>
std::unique_ptr<Kernel> make_integer(KernelRequest& request) {
  read_no_attributes(request);
  DType dtype = request.input(0).dtype;
  if (!is_signed_integer(dtype) && !is_unsigned_integer(dtype)) {
    return request.refuse("for integers");
  }
  return visit_dtype_among<int64_t, int32_t, int16_t, int8_t, uint64_t, uint32_t, uint16_t,
                           uint8_t>(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return elementwise::make_typed_kernel<T, T>(request, F{});
  });
}

}  // namespace

void register_unary(Registry& registry) {
  for (const Operator& entry : elementwise::unary_operators()) {
    OpDef& definition = registry.add(entry.name);
    definition.infer = elementwise::infer_as_input;
    definition.batching = {batch_unary};
    definition.passes_transposes = entry.passes_transposes;
    if (definition.name == "Abs") definition.kernel("integer", make_integer<Abs>);
    if (definition.name == "Neg") definition.kernel("integer", make_integer<Negate>);
    if (definition.name == "Sign") definition.kernel("integer", make_integer<Sign>);
    elementwise::add_program_kernels(definition, [read = entry.read](KernelRequest& request) {
      read_no_attributes(request);
      AttributeReader attributes = request.attributes();
      return read(attributes, request.node().version);
    });
  }
}

}  // namespace convoy
