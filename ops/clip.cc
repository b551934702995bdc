// Clip, opset 1 and up: min(max(x, low), high), bounds as attributes (before 11) or as optional
// inputs of one element. Any strides; NaN stays.
#include <limits>

#include "ops/batching/rules.h"
#include "ops/elementwise/infer.h"
#include "ops/elementwise/program_kernel.h"
#include "ops/elementwise/typed_kernel.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

using elementwise::Formula;
using elementwise::Operand;
using elementwise::Program;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Program read_attributes(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  attributes.ignore("consumed_inputs");
  float low = attributes.number("min", std::numeric_limits<float>::lowest());
  float high = attributes.number("max", std::numeric_limits<float>::max());
  attributes.finish();
  return elementwise::single_step(Formula::kClip, {low, high});
}

// A bound whose value is known, as a float that holds it exactly.
std::optional<float> known_bound(const KernelRequest& request, int i, float otherwise) {
  if (!request.has_input(i)) return otherwise;
  const Tensor* tensor = request.constant(i);
  if (tensor == nullptr || tensor->count() != 1) return std::nullopt;
  double value = to_doubles(*tensor)[0];
  auto rounded = static_cast<float>(value);
  if (std::isnan(value) || static_cast<double>(rounded) != value) return std::nullopt;
  return rounded;
}

Program read_inputs(KernelRequest& request) {
  request.attributes().finish();
  std::optional<float> low = known_bound(request, 1, -kInfinity);
  std::optional<float> high = known_bound(request, 2, kInfinity);
  if (low && high) return elementwise::single_step(Formula::kClip, {*low, *high});
  Program program;
  program.inputs = 1;
  program.slots = {0};
  auto bound = [&](int i, std::optional<float> known) {
    if (known) return Operand::number(*known);
    program.slots.push_back(i);
    return Operand::input(program.inputs++);
  };
  Operand from = bound(1, low);
  Operand to = bound(2, high);
  program.outputs.push_back(program.add(Formula::kClamp, {Operand::input(0), from, to}));
  return program;
}

template <typename T>
T read_bound(KernelContext& context, int i, T otherwise) {
  if (!context.has_input(i) || context.input(i).count() != 1) return otherwise;
  return *context.input(i).as<T>();
}

std::unique_ptr<Kernel> make_integer(KernelRequest& request) {
  if (is_floating(request.input(0).dtype)) return request.refuse("for integers");
  request.attributes().finish();
  for (int i = 1; i <= 2; ++i) {
    check_model(!request.has_input(i) || request.input(i).dtype == request.input(0).dtype,
                "Clip's bounds must have the type of its input");
  }
  request.accept_strides(0);
  request.accept_output_strides(0);
  request.allow_in_place(0, 0);
  return visit_numeric(request.input(0).dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return make_kernel([](KernelContext& context) {
      T low = read_bound<T>(context, 1, std::numeric_limits<T>::lowest());
      T high = read_bound<T>(context, 2, std::numeric_limits<T>::max());
      auto clip = [low, high](T x) {
        T raised = x < low ? low : x;
        return raised > high ? high : raised;
      };
      elementwise::run_typed<T, T>(context, clip);
    });
  });
}

}  // namespace

void register_clip(Registry& registry) {
  OpDef& before = registry.add("Clip").versions(1, 10);
  before.infer = elementwise::infer_as_input;
  before.batching = {batch_clip};
  before.passes_transposes = true;
  elementwise::add_program_kernels(before, read_attributes);
  OpDef& clip = registry.add("Clip").versions(11, std::numeric_limits<int>::max());
  clip.infer = elementwise::infer_as_input;
  clip.batching = {batch_clip};
  clip.passes_transposes = true;
  clip.kernel("integer", make_integer);
  elementwise::add_program_kernels(clip, read_inputs);
}

}  // namespace convoy
