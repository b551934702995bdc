// com.microsoft's QLinearConcat: the scale and zero point of the result, then each input with its
// scale and zero point. Inputs of other scales are quantized anew.
#include "ops/kernels/copy/copy.h"
#include "ops/kernels/elementwise/strided_walk.h"
#include "ops/qlinear/qlinear.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

using elementwise::StridedWalk;
using elementwise::WalkPosition;

constexpr int kFirst = 2;
constexpr int kStep = 3;
constexpr QuantizationSlots kOfResult = {0, 1};

int64_t read_axis(const Node& node) {
  AttributeReader attributes(node);
  int64_t axis = attributes.required_integer("axis");
  attributes.finish();
  return axis;
}

void infer_concat(InferRequest& request) {
  size_t count = request.inputs.size();
  check_model(count > kFirst && (count - kFirst) % kStep == 0,
              "{} inputs are not a scale and a zero point and then three for each tensor", count);
  for (size_t i = 0; i < count; ++i) check_model(request.has_input(i), "input {} is missing", i);
  const TensorDesc& first = request.inputs[kFirst];
  int axis = normalize_axis(read_axis(request.node), first.rank());
  Shape shape = first.shape;
  shape[axis] = 0;
  for (size_t i = kFirst; i < count; i += kStep) {
    const TensorDesc& next = request.inputs[i];
    Shape expected = first.shape;
    if (next.rank() == first.rank()) expected[axis] = next.shape[axis];
    check_input(next.dtype == first.dtype && next.shape == expected,
                "cannot concatenate {} and {} on axis {}", to_string(first), to_string(next), axis);
    shape[axis] = checked_add(shape[axis], next.shape[axis]);
  }
  request.set_output(0, first.dtype, shape);
}

void requantize(const TensorView& from, const TensorView& to, const ByteTable& table,
                ThreadPool& threads) {
  const TensorDesc* descs[] = {&to, &from};
  StridedWalk walk(descs);
  auto* out = to.as<uint8_t>();
  const auto* in = from.as<const uint8_t>();
  int64_t to_step = walk.row_step(0);
  int64_t from_step = walk.row_step(1);
  threads.parallel_for(walk.count, 16384, [&](int64_t begin, int64_t end) {
    for_each_row(walk, begin, end, [&](const WalkPosition& at, int64_t points) {
      uint8_t* y = out + at.offset(0);
      const uint8_t* x = in + at.offset(1);
      for (int64_t i = 0; i < points; ++i) y[i * to_step] = table[x[i * from_step]];
    });
  });
}

std::unique_ptr<Kernel> make_concat(KernelRequest& request) {
  DType dtype = request.output(0).dtype;
  check_supported(is_8bit(dtype), "the inputs are of type {}", to_string(dtype));
  int axis = normalize_axis(read_axis(request.node()), request.input(kFirst).rank());
  check_quantization(request, kOfResult, dtype);
  for (int i = kFirst; i < request.input_count(); i += kStep) {
    check_quantization(request, {i + 1, i + 2}, dtype);
    request.accept_strides(i);
  }
  request.accept_output_strides(0);
  return make_kernel([axis, dtype](KernelContext& context) {
    Quantization result = read_quantization(context, kOfResult);
    int64_t begin = 0;
    for (int i = kFirst; i < context.input_count(); i += kStep) {
      const TensorView& input = context.input(i);
      Quantization own = read_quantization(context, {i + 1, i + 2});
      TensorView place = sliced_view(context.output(0), axis, begin, input.shape[axis]);
      begin += input.shape[axis];
      if (input.count() == 0) continue;
      if (own.scale == result.scale && own.zero == result.zero) {
        copy_parallel(input, place, context.threads());
      } else {
        requantize(input, place, requantizing_table(dtype, own, result), context.threads());
      }
    }
  });
}

}  // namespace

void register_qlinear_concat(Registry& registry) {
  registry.add("QLinearConcat", "com.microsoft").kernel("reference", make_concat).infer =
      infer_concat;
}

}  // namespace convoy
