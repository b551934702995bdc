// Add, Sub, Mul, Div, Mod, Pow, opset 1 and up: arithmetic on two operands of one type (Pow: of two
// types) that broadcast to each other. Integers wrap around; dividing by zero gives 0.
#include <cmath>

#include "ops/batching/rules.h"
#include "ops/kernels/elementwise/infer.h"
#include "ops/kernels/elementwise/legacy_broadcast.h"
#include "ops/kernels/elementwise/operators.h"
#include "ops/kernels/elementwise/program_kernel.h"
#include "ops/kernels/elementwise/typed_kernel.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

using elementwise::Formula;
using elementwise::Program;

int read_attributes(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  int trailing_axes = elementwise::read_legacy_broadcast(request, attributes);
  attributes.finish();
  return trailing_axes;
}

// Unsigned and no narrower than int: arithmetic wraps around without promotion to signed int.
template <typename T>
using Wrapping = std::common_type_t<std::make_unsigned_t<T>, uint32_t>;

template <typename T>
T divide(T a, T b) {
  if (b == 0) return 0;
  if (std::is_signed_v<T> && b == static_cast<T>(-1)) {
    return static_cast<T>(Wrapping<T>{0} - static_cast<Wrapping<T>>(a));
  }
  return static_cast<T>(a / b);
}

template <typename T>
T remainder(T a, T b) {
  if (b == 0 || (std::is_signed_v<T> && b == static_cast<T>(-1))) return 0;
  return static_cast<T>(a % b);
}

template <typename T>
T modulo(T a, T b) {
  T rest = remainder(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? static_cast<T>(rest + b) : rest;
}

template <typename Visitor>
std::unique_ptr<Kernel> visit_integers(KernelRequest& request, const Visitor& visitor) {
  DType dtype = request.input(0).dtype;
  if (!is_signed_integer(dtype) && !is_unsigned_integer(dtype)) {
    return request.refuse("for integers");
  }
  return visit_dtype_among<int64_t, int32_t, int16_t, int8_t, uint64_t, uint32_t, uint16_t,
                           uint8_t>(dtype, visitor);
}

std::unique_ptr<Kernel> make_integer(KernelRequest& request, Formula function) {
  int trailing_axes = read_attributes(request);
  return visit_integers(request, [&](auto tag) -> std::unique_ptr<Kernel> {
    using T = typename decltype(tag)::type;
    using W = Wrapping<T>;
    auto make = [&](auto f) {
      return elementwise::make_typed_kernel<T, T, T>(request, f, trailing_axes);
    };
    switch (function) {
      case Formula::kAdd:
        return make([](T a, T b) { return static_cast<W>(a) + static_cast<W>(b); });
      case Formula::kSubtract:
        return make([](T a, T b) { return static_cast<W>(a) - static_cast<W>(b); });
      case Formula::kMultiply:
        return make([](T a, T b) { return static_cast<W>(a) * static_cast<W>(b); });
      default: return make(divide<T>);
    }
  });
}

void add_arithmetic(Registry& registry, const char* name, Formula function) {
  OpDef& definition = registry.add(name);
  definition.infer = elementwise::infer_broadcast;
  definition.batching = {batch_broadcasting};
  definition.passes_transposes = true;
  definition.commutative = function == Formula::kAdd || function == Formula::kMultiply;
  elementwise::add_program_kernels(definition, [function](KernelRequest& request) {
    Program program = elementwise::single_step(function);
    program.trailing_axes = read_attributes(request);
    return program;
  });
  definition.kernels.insert(definition.kernels.begin(),
                            {"integer", DeviceKind::kCpu, [function](KernelRequest& request) {
                               return make_integer(request, function);
                             }});
}

bool read_fmod(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  bool fmod = attributes.integer("fmod", 0) != 0;
  attributes.finish();
  return fmod;
}

std::unique_ptr<Kernel> make_mod_integer(KernelRequest& request) {
  bool fmod = read_fmod(request);
  return visit_integers(request, [&](auto tag) -> std::unique_ptr<Kernel> {
    using T = typename decltype(tag)::type;
    if (fmod) return elementwise::make_typed_kernel<T, T, T>(request, remainder<T>);
    return elementwise::make_typed_kernel<T, T, T>(request, modulo<T>);
  });
}

Program read_mod(KernelRequest& request) {
  return elementwise::single_step(read_fmod(request) ? Formula::kRemainder : Formula::kModulo);
}

Program read_pow(KernelRequest& request) {
  int trailing_axes = read_attributes(request);
  bool integer_base = !is_floating(request.input(0).dtype);
  Program program = elementwise::power_program(integer_base ? nullptr : request.constant(1));
  program.trailing_axes = program.inputs == 2 ? trailing_axes : 0;
  return program;
}

template <typename T, typename E>
T integer_power(T base, E exponent) {
  if constexpr (std::is_integral_v<E>) {
    if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
    using W = Wrapping<T>;
    W result = 1;
    W factor = static_cast<W>(base);
    for (auto left = static_cast<uint64_t>(exponent); left > 0; left >>= 1) {
      if (left & 1) result *= factor;
      factor *= factor;
    }
    return static_cast<T>(result);
  } else {
    double power = std::pow(static_cast<double>(base), static_cast<double>(exponent));
    constexpr auto kLimit = static_cast<double>(std::numeric_limits<T>::max());
    if (!(std::abs(power) < kLimit))
      return power > 0 ? std::numeric_limits<T>::max() : std::numeric_limits<T>::min();
    return static_cast<T>(power);
  }
}

std::unique_ptr<Kernel> make_pow_integer(KernelRequest& request) {
  int trailing_axes = read_attributes(request);
  check_model(request.has_input(0) && request.has_input(1), "two inputs are needed");
  DType dtype = request.input(0).dtype;
  if (dtype != DType::kInt32 && dtype != DType::kInt64) return request.refuse("for integer bases");
  return visit_dtype_among<int32_t, int64_t>(dtype, [&](auto base) {
    using T = typename decltype(base)::type;
    return visit_numeric(request.input(1).dtype, [&](auto exponent) {
      using E = typename decltype(exponent)::type;
      return elementwise::make_typed_kernel<T, T, E>(request, integer_power<T, E>, trailing_axes);
    });
  });
}

}  // namespace

void register_binary(Registry& registry) {
  add_arithmetic(registry, "Add", Formula::kAdd);
  add_arithmetic(registry, "Sub", Formula::kSubtract);
  add_arithmetic(registry, "Mul", Formula::kMultiply);
  add_arithmetic(registry, "Div", Formula::kDivide);
  OpDef& mod = registry.add("Mod").kernel("integer", make_mod_integer);
  mod.infer = elementwise::infer_broadcast;
  mod.batching = {batch_broadcasting};
  elementwise::add_program_kernels(mod, read_mod);
  OpDef& pow = registry.add("Pow").kernel("integer", make_pow_integer);
  pow.infer = elementwise::infer_broadcast;
  pow.batching = {batch_broadcasting};
  pow.passes_transposes = true;
  elementwise::add_program_kernels(pow, read_pow);
}

}  // namespace convoy
