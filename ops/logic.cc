// And, Or, Xor, Not on truth values, opset 1 and up; BitwiseAnd, BitwiseOr, BitwiseXor, BitwiseNot
// (18 and up) and BitShift (11 and up) on integers. Operands broadcast to each other.
#include "ops/batching/rules.h"
#include "ops/elementwise/cuda_program.h"
#include "ops/elementwise/infer.h"
#include "ops/elementwise/legacy_broadcast.h"
#include "ops/elementwise/typed_kernel.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

enum class Gate { kAnd, kOr, kXor };

template <typename T>
std::unique_ptr<Kernel> make_gate(KernelRequest& request, Gate gate, int trailing_axes) {
  auto make = [&](auto f) {
    return elementwise::make_typed_kernel<T, T, T>(request, f, trailing_axes);
  };
  switch (gate) {
    case Gate::kAnd: return make([](T a, T b) { return a & b; });
    case Gate::kOr: return make([](T a, T b) { return a | b; });
    default: return make([](T a, T b) { return a ^ b; });
  }
}

std::unique_ptr<Kernel> make_logical(KernelRequest& request, Gate gate) {
  AttributeReader attributes = request.attributes();
  int trailing_axes = elementwise::read_legacy_broadcast(request, attributes);
  attributes.finish();
  return make_gate<bool>(request, gate, trailing_axes);
}

std::unique_ptr<Kernel> make_not(KernelRequest& request) {
  return elementwise::make_typed_kernel<bool, bool>(request, [](bool x) { return !x; });
}

template <typename Visitor>
std::unique_ptr<Kernel> visit_integers(DType dtype, const Visitor& visitor) {
  return visit_dtype_among<int64_t, int32_t, int16_t, int8_t, uint64_t, uint32_t, uint16_t,
                           uint8_t>(dtype, visitor);
}

std::unique_ptr<Kernel> make_bitwise(KernelRequest& request, Gate gate) {
  request.attributes().finish();
  return visit_integers(request.input(0).dtype, [&](auto tag) {
    return make_gate<typename decltype(tag)::type>(request, gate, 0);
  });
}

std::unique_ptr<Kernel> make_bitwise_not(KernelRequest& request) {
  return visit_integers(request.input(0).dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return elementwise::make_typed_kernel<T, T>(request, [](T x) { return ~x; });
  });
}

// A negative distance is as good as one of the width or more: it shifts everything out.
template <typename T>
bool shifts_all(T by) {
  return by < 0 || static_cast<uint64_t>(by) >= sizeof(T) * 8;
}
template <typename T>
T shift_left(T value, T by) {
  return shifts_all(by) ? T{0} : static_cast<T>(static_cast<uint64_t>(value) << by);
}
template <typename T>
T shift_right(T value, T by) {
  if (shifts_all(by)) return static_cast<T>(value < 0 ? -1 : 0);
  return static_cast<T>(value >> by);
}

std::unique_ptr<Kernel> make_bit_shift(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  std::string direction = attributes.text("direction", "");
  attributes.finish();
  check_model(direction == "LEFT" || direction == "RIGHT", "BitShift knows no direction '{}'",
              direction);
  return visit_integers(request.input(0).dtype, [&](auto tag) -> std::unique_ptr<Kernel> {
    using T = typename decltype(tag)::type;
    if (direction == "LEFT") {
      return elementwise::make_typed_kernel<T, T, T>(request, shift_left<T>);
    }
    return elementwise::make_typed_kernel<T, T, T>(request, shift_right<T>);
  });
}

// Of booleans.
KernelFactory by_program(elementwise::Formula formula) {
  return [formula](KernelRequest& request) {
    AttributeReader attributes = request.attributes();
    elementwise::Program program = elementwise::single_step(formula);
    if (request.input_count() == 2) {
      program.trailing_axes = elementwise::read_legacy_broadcast(request, attributes);
    }
    attributes.finish();
    return elementwise::make_cuda_kernel(request, program);
  };
}

elementwise::Formula formula_of(Gate gate) {
  switch (gate) {
    case Gate::kAnd: return elementwise::Formula::kAnd;
    case Gate::kOr: return elementwise::Formula::kOr;
    case Gate::kXor: return elementwise::Formula::kXor;
  }
  return elementwise::Formula::kAnd;
}

OpDef& add(Registry& registry, const char* name, bool two_operands, KernelFactory make) {
  OpDef& definition = registry.add(name).kernel("reference", std::move(make));
  definition.infer = two_operands ? elementwise::infer_broadcast : elementwise::infer_as_input;
  definition.batching = {two_operands ? batch_broadcasting : batch_unary};
  return definition;
}

}  // namespace

void register_logic(Registry& registry) {
  struct Row {
    const char* logical;
    const char* bitwise;
    Gate gate;
  };
  for (const Row& row : {Row{"And", "BitwiseAnd", Gate::kAnd},
                         {"Or", "BitwiseOr", Gate::kOr},
                         {"Xor", "BitwiseXor", Gate::kXor}}) {
    Gate gate = row.gate;
    OpDef& logical = add(registry, row.logical, true,
                         [gate](KernelRequest& request) { return make_logical(request, gate); });
    logical.kernel("program", by_program(formula_of(gate)), DeviceKind::kCuda).commutative = true;
    add(registry, row.bitwise, true, [gate](KernelRequest& request) {
      return make_bitwise(request, gate);
    }).commutative = true;
  }
  add(registry, "Not", false, make_not)
      .kernel("program", by_program(elementwise::Formula::kNot), DeviceKind::kCuda);
  add(registry, "BitwiseNot", false, make_bitwise_not);
  add(registry, "BitShift", true, make_bit_shift);
}

}  // namespace convoy
