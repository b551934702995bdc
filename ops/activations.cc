// Activation functions, opset 1 and up: Relu (integers too), LeakyRelu, PRelu, Elu, Selu, Celu,
// Sigmoid, HardSigmoid, HardSwish, Softplus, Softsign, ThresholdedRelu, Tanh, Gelu, Mish, Swish,
// Shrink. Any strides.
#include "ops/batching/rules.h"
#include "ops/elementwise/infer.h"
#include "ops/elementwise/operators.h"
#include "ops/elementwise/program_kernel.h"
#include "ops/elementwise/typed_kernel.h"
#include "ops/kernels/cast/cast.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

using elementwise::Formula;
using elementwise::Operator;
using elementwise::Program;
using elementwise::single_step;

Program read_activation(KernelRequest& request, const Operator& entry) {
  AttributeReader attributes = request.attributes();
  attributes.ignore("consumed_inputs");
  Program program = entry.read(attributes, request.node().version);
  attributes.finish();
  return program;
}

std::unique_ptr<Kernel> make_relu_integer(KernelRequest& request) {
  DType dtype = request.input(0).dtype;
  if (!is_signed_integer(dtype)) return request.refuse("for signed integers");
  return visit_dtype_among<int64_t, int32_t, int16_t, int8_t>(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return elementwise::make_typed_kernel<T, T>(request, [](T x) { return x < 0 ? T{0} : x; });
  });
}

std::unique_ptr<Kernel> make_shrink_integer(KernelRequest& request) {
  DType dtype = request.input(0).dtype;
  if (!is_signed_integer(dtype) && !is_unsigned_integer(dtype)) {
    return request.refuse("for integers");
  }
  AttributeReader attributes = request.attributes();
  double lambd = attributes.number("lambd", 0.5f);
  double bias = attributes.number("bias", 0);
  attributes.finish();
  return visit_dtype_among<int64_t, int32_t, int16_t, int8_t, uint64_t, uint32_t, uint16_t,
                           uint8_t>(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return elementwise::make_typed_kernel<T, T>(request, [lambd, bias](T x) {
      auto value = static_cast<double>(x);
      return value < -lambd  ? truncate<T>(value + bias)
             : value > lambd ? truncate<T>(value - bias)
                             : T{0};
    });
  });
}

Program read_prelu(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  attributes.ignore("consumed_inputs");
  attributes.finish();
  check_model(request.has_input(0) && request.has_input(1), "two inputs are needed");
  Program program = single_step(Formula::kPRelu);
  // Before opset 7 the slope has one value, or one for each channel.
  if (request.node().version < 7 && request.input(1).rank() == 1 && request.input(0).rank() > 2) {
    program.trailing_axes = request.input(0).rank() - 2;
  }
  return program;
}

std::unique_ptr<Kernel> make_prelu_integer(KernelRequest& request) {
  if (is_floating(request.input(0).dtype)) return request.refuse("for integers");
  return visit_dtype_among<int64_t, int32_t, uint64_t, uint32_t>(
      request.input(0).dtype, [&](auto tag) {
        using T = typename decltype(tag)::type;
        using Unsigned = std::make_unsigned_t<T>;
        return elementwise::make_typed_kernel<T, T, T>(request, [](T a, T b) {
          bool negative = std::is_signed_v<T> && a < T{0};
          return negative ? static_cast<T>(static_cast<Unsigned>(a) * static_cast<Unsigned>(b)) : a;
        });
      });
}

}  // namespace

void register_activations(Registry& registry) {
  for (const Operator& entry : elementwise::activation_operators()) {
    OpDef& definition = registry.add(entry.name);
    definition.infer = elementwise::infer_as_input;
    definition.batching = {batch_unary};
    definition.passes_transposes = entry.passes_transposes;
    if (definition.name == "Relu") definition.kernel("integer", make_relu_integer);
    if (definition.name == "Shrink") definition.kernel("integer", make_shrink_integer);
    elementwise::add_program_kernels(
        definition, [entry](KernelRequest& request) { return read_activation(request, entry); });
  }
  OpDef& prelu = registry.add("PRelu");
  prelu.infer = elementwise::infer_as_input;
  prelu.batching = {batch_broadcasting};
  prelu.kernel("integer", make_prelu_integer);
  elementwise::add_program_kernels(prelu, read_prelu);
}

}  // namespace convoy
