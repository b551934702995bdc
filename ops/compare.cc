// Equal, Less, LessOrEqual, Greater, GreaterOrEqual, opset 1 and up: two operands of one type that
// broadcast to each other give truth values.
#include "ops/batching/rules.h"
#include "ops/elementwise/cuda_program.h"
#include "ops/elementwise/infer.h"
#include "ops/elementwise/legacy_broadcast.h"
#include "ops/elementwise/typed_kernel.h"
#include "ops/kernels/elementwise/compare_rows.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

using elementwise::Comparison;

// a ? b, or b ? a where swapped.
void compare(KernelContext& context, elementwise::CompareRow row, bool swapped, int trailing_axes) {
  elementwise::StridedWalk walk = elementwise::walk_of(context, 2, trailing_axes);
  int left = swapped ? 1 : 0;
  int right = 1 - left;
  auto size = static_cast<int64_t>(size_of(context.input(0).dtype));
  const auto* a = context.input(left).as<const std::byte>();
  const auto* b = context.input(right).as<const std::byte>();
  auto* out = context.output(0).as<bool>();
  context.threads().parallel_for(walk.count, 16384, [&](int64_t begin, int64_t end) {
    elementwise::for_each_row(walk, begin, end,
                              [&](const elementwise::WalkPosition& at, int64_t points) {
                                row(a + at.offset(left + 1) * size, walk.row_step(left + 1),
                                    b + at.offset(right + 1) * size, walk.row_step(right + 1),
                                    out + at.offset(0), walk.row_step(0), points);
                              });
  });
}

std::unique_ptr<Kernel> make_compare(KernelRequest& request, Comparison comparison, bool swapped) {
  AttributeReader attributes = request.attributes();
  int trailing_axes = elementwise::read_legacy_broadcast(request, attributes);
  attributes.finish();
  DType dtype = request.input(0).dtype;
  if (comparison == Comparison::kEqual && dtype == DType::kString) {
    return elementwise::make_typed_kernel<bool, std::string, std::string>(
        request, [](const std::string& a, const std::string& b) { return a == b; });
  }
  check_model(request.input(1).dtype == dtype && request.output(0).dtype == DType::kBool,
              "the element types of the operands do not fit the operator");
  elementwise::CompareRow row = elementwise::compare_row(comparison, dtype);
  for (int i : {0, 1}) request.accept_strides(i);
  request.accept_output_strides(0);
  return make_kernel([row, swapped, trailing_axes](KernelContext& context) {
    compare(context, row, swapped, trailing_axes);
  });
}

std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request, Comparison comparison, bool swapped) {
  using elementwise::Formula;
  using elementwise::Operand;
  const Formula formula = comparison == Comparison::kEqual  ? Formula::kEqual
                          : comparison == Comparison::kLess ? Formula::kLess
                                                            : Formula::kLessOrEqual;
  elementwise::Program program;
  program.inputs = 2;
  program.add(formula, {Operand::input(swapped ? 1 : 0), Operand::input(swapped ? 0 : 1)});
  program.outputs = {0};
  AttributeReader attributes = request.attributes();
  program.trailing_axes = elementwise::read_legacy_broadcast(request, attributes);
  attributes.finish();
  return elementwise::make_cuda_kernel(request, program);
}

void add(Registry& registry, const char* name, Comparison comparison, bool swapped) {
  OpDef& definition = registry.add(name);
  auto with_comparison = [comparison, swapped](auto make) {
    return [=](KernelRequest& request) { return make(request, comparison, swapped); };
  };
  definition.kernel("rows", with_comparison(make_compare))
      .kernel("program", with_comparison(make_on_gpu), DeviceKind::kCuda);
  definition.infer = elementwise::infer_broadcast_bool;
  definition.batching = {batch_broadcasting};
  definition.commutative = comparison == Comparison::kEqual;
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
