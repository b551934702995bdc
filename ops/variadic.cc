// Sum, Mean, Max, Min, opset 1 and up: any number of operands of one type that broadcast to each
// other (Max and Min: integers too; NaN if any is NaN).
#include "ops/batching/rules.h"
#include "ops/elementwise/cuda_program.h"
#include "ops/elementwise/infer.h"
#include "ops/elementwise/program_kernel.h"
#include "ops/elementwise/typed_kernel.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

using elementwise::Formula;
using elementwise::Operand;
using elementwise::Program;

enum class Fold { kSum, kMean, kMax, kMin };

void infer_fold(InferRequest& request) {
  check_model(!request.inputs.empty(), "there is no operand");
  Shape shape = request.inputs[0].shape;
  for (const TensorDesc& input : request.inputs) {
    check_model(input.dtype == request.inputs[0].dtype, "operands of {} and {}",
                to_string(request.inputs[0].dtype), to_string(input.dtype));
    shape = broadcast_shapes(shape, input.shape);
  }
  request.set_output(0, request.inputs[0].dtype, shape);
}

void read_no_attributes(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  attributes.ignore("consumed_inputs");
  attributes.finish();
}

Program fold_program(KernelRequest& request, Fold fold) {
  read_no_attributes(request);
  Formula formula = fold == Fold::kMax   ? Formula::kMaximum
                    : fold == Fold::kMin ? Formula::kMinimum
                                         : Formula::kAdd;
  Program program;
  program.inputs = request.input_count();
  Operand result = Operand::input(0);
  for (int i = 1; i < program.inputs; ++i) {
    result = Operand::step(program.add(formula, {result, Operand::input(i)}));
  }
  if (fold == Fold::kMean) {
    auto count = static_cast<float>(program.inputs);
    program.add(Formula::kDivide, {result, Operand::number(count)});
  } else if (program.steps.empty()) {
    program.add(Formula::kCopy, {result});
  }
  program.outputs.push_back(static_cast<int>(program.steps.size()) - 1);
  return program;
}

// out = f(out, input i), element by element.
template <typename T, typename F>
void fold_in(KernelContext& context, int i, const F& f) {
  const TensorDesc* descs[] = {&context.output(0), &context.input(i)};
  elementwise::StridedWalk walk(descs);
  T* out = context.output(0).as<T>();
  const T* in = context.input(i).as<T>();
  context.threads().parallel_for(walk.count, 16384, [&](int64_t begin, int64_t end) {
    auto row = [&](const elementwise::WalkPosition& position, int64_t points) {
      T* to = out + position.offset(0);
      const T* from = in + position.offset(1);
      for (int64_t k = 0; k < points; ++k) {
        T& element = to[k * walk.row_step(0)];
        element = f(element, from[k * walk.row_step(1)]);
      }
    };
    elementwise::for_each_row(walk, begin, end, row);
  });
}

template <typename T>
void fold_all(KernelContext& context, Fold fold) {
  fold_in<T>(context, 0, [](T, T x) { return x; });
  for (int i = 1; i < context.input_count(); ++i) {
    switch (fold) {
      case Fold::kMax:
        fold_in<T>(context, i, [](T a, T b) { return a > b || a != a ? a : b; });
        break;
      case Fold::kMin:
        fold_in<T>(context, i, [](T a, T b) { return a < b || a != a ? a : b; });
        break;
      default:
        if constexpr (!std::is_integral_v<T>) {
          fold_in<T>(context, i, [](T a, T b) { return static_cast<T>(a + b); });
        }
    }
  }
  if constexpr (!std::is_integral_v<T>) {
    if (fold != Fold::kMean) return;
    int count = context.input_count();
    TensorView out = context.output(0);
    for (int64_t i = 0; i < out.count(); ++i) {
      out.as<T>()[i] = static_cast<T>(out.as<T>()[i] / static_cast<T>(count));
    }
  }
}

// Any number of operands, one after the other.
std::unique_ptr<Kernel> make_folding(KernelRequest& request, Fold fold) {
  read_no_attributes(request);
  const bool adds = fold == Fold::kSum || fold == Fold::kMean;
  const DType dtype = request.input(0).dtype;
  if (adds && !is_floating(dtype)) return request.refuse("only floating types are added up");
  for (int i = 0; i < request.input_count(); ++i) request.accept_strides(i);
  return visit_numeric(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return make_kernel([fold](KernelContext& context) { fold_all<T>(context, fold); });
  });
}

void add(Registry& registry, const char* name, Fold fold) {
  OpDef& definition = registry.add(name);
  definition.infer = infer_fold;
  definition.batching = {batch_broadcasting};
  definition.commutative = true;
  definition.folds_operands = true;
  definition.passes_transposes = fold != Fold::kMean;
  auto make = [fold](KernelRequest& request) { return fold_program(request, fold); };
  definition.kernel("vector", [make](KernelRequest& request) -> std::unique_ptr<Kernel> {
    if (!is_floating(request.input(0).dtype)) return request.refuse("for floats");
    return elementwise::make_float_kernel(request, make(request));
  });
  definition.kernel("reference",
                    [fold](KernelRequest& request) { return make_folding(request, fold); });
  definition.kernel(
      "program",
      [make](KernelRequest& request) {
        return elementwise::make_cuda_kernel(request, make(request));
      },
      DeviceKind::kCuda);
}

}  // namespace

void register_variadic(Registry& registry) {
  add(registry, "Sum", Fold::kSum);
  add(registry, "Mean", Fold::kMean);
  add(registry, "Max", Fold::kMax);
  add(registry, "Min", Fold::kMin);
}

}  // namespace convoy
