// Functions of one number, opset 1 and up: Abs, Neg, Sign (integers too), Sqrt, Exp, Log, Floor,
// Ceil, Round, Reciprocal, Erf, trigonometric and hyperbolic functions. Any strides.
#include "ops/kernels/elementwise/infer.h"
#include "ops/kernels/elementwise/program_kernel.h"
#include "ops/kernels/elementwise/typed_kernel.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

using elementwise::Formula;

void read_no_attributes(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  attributes.ignore("consumed_inputs");
  attributes.finish();
}

template <typename T>
T negate(T x) {
  using Unsigned = std::make_unsigned_t<T>;
  return static_cast<T>(Unsigned{0} - static_cast<Unsigned>(x));
}
template <typename T>
T absolute(T x) {
  if constexpr (std::is_unsigned_v<T>) return x;
  else return x < 0 ? negate(x) : x;
}
template <typename T>
T sign(T x) {
  if constexpr (std::is_unsigned_v<T>) return x > 0 ? 1 : 0;
  else return static_cast<T>((x > 0) - (x < 0));
}

template <typename Visitor>
std::unique_ptr<Kernel> visit_integers(DType dtype, const Visitor& visitor) {
  return visit_dtype_among<int64_t, int32_t, int16_t, int8_t, uint64_t, uint32_t, uint16_t,
                           uint8_t>(dtype, visitor);
}

std::unique_ptr<Kernel> make_integer(KernelRequest& request, Formula function) {
  read_no_attributes(request);
  DType dtype = request.input(0).dtype;
  if (!is_signed_integer(dtype) && !is_unsigned_integer(dtype)) {
    return request.refuse("for integers");
  }
  return visit_integers(dtype, [&](auto tag) -> std::unique_ptr<Kernel> {
    using T = typename decltype(tag)::type;
    switch (function) {
      case Formula::kAbs: return elementwise::make_typed_kernel<T, T>(request, absolute<T>);
      case Formula::kNegate: return elementwise::make_typed_kernel<T, T>(request, negate<T>);
      default: return elementwise::make_typed_kernel<T, T>(request, sign<T>);
    }
  });
}

struct Row {
  const char* name;
  Formula function;
};

constexpr Row kRows[] = {
    {"Abs", Formula::kAbs},     {"Neg", Formula::kNegate},
    {"Sign", Formula::kSign},   {"Reciprocal", Formula::kReciprocal},
    {"Sqrt", Formula::kSqrt},   {"Exp", Formula::kExp},
    {"Log", Formula::kLog},     {"Floor", Formula::kFloor},
    {"Ceil", Formula::kCeil},   {"Round", Formula::kRound},
    {"Erf", Formula::kErf},     {"Sin", Formula::kSin},
    {"Cos", Formula::kCos},     {"Tan", Formula::kTan},
    {"Asin", Formula::kAsin},   {"Acos", Formula::kAcos},
    {"Atan", Formula::kAtan},   {"Sinh", Formula::kSinh},
    {"Cosh", Formula::kCosh},   {"Asinh", Formula::kAsinh},
    {"Acosh", Formula::kAcosh}, {"Atanh", Formula::kAtanh},
};

}  // namespace

void register_unary(Registry& registry) {
  for (const Row& row : kRows) {
    OpDef& definition = registry.add(row.name);
    definition.infer = elementwise::infer_as_input;
    Formula function = row.function;
    if (function == Formula::kAbs || function == Formula::kNegate ||
        function == Formula::kSign) {
      definition.kernel("integer", [function](KernelRequest& request) {
        return make_integer(request, function);
      });
    }
    elementwise::add_program_kernels(definition, [function](KernelRequest& request) {
      read_no_attributes(request);
      return elementwise::single_step(function);
    });
  }
}

}  // namespace convoy
