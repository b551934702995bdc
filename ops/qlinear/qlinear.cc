// Operators on 8-bit integers that are tables: com.microsoft's QLinearSigmoid, QLinearLeakyRelu and
// QLinearWhere, whose result is quantize(f(dequantize(x))), and
//
// ai.convoy::ByteTable(x, table) -> y
//   y = table[x] of 8-bit integers; entry 200 of the 256 is for the uint8 200 and the int8 -56.
#include "ops/qlinear/qlinear.h"

#include "ops/elementwise/infer.h"
#include "ops/elementwise/typed_kernel.h"
#include "ops/kernels/quantized/quantized_rows.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

using elementwise::StridedWalk;
using elementwise::WalkPosition;

constexpr QuantizationSlots kX = {1, 2};
constexpr QuantizationSlots kY = {3, 4};

template <typename F>
std::unique_ptr<Kernel> make_table_kernel(KernelRequest& request, F f) {
  DType dtype = request.input(0).dtype;
  check_supported(is_8bit(dtype), "X is of type {}", to_string(dtype));
  check_quantization(request, kX, dtype);
  check_quantization(request, kY, dtype);
  request.accept_strides(0);
  request.accept_output_strides(0);
  request.allow_in_place(0, 0);
  return make_kernel([dtype, f](KernelContext& context) {
    ByteTable table =
        quantized_table(dtype, read_quantization(context, kX), read_quantization(context, kY), f);
    const uint8_t* entries = table.data();
    elementwise::run_typed<uint8_t, uint8_t>(context, [entries](uint8_t x) { return entries[x]; });
  });
}

std::unique_ptr<Kernel> make_sigmoid(KernelRequest& request) {
  request.attributes().finish();
  return make_table_kernel(request, [](float x) { return 1 / (1 + std::exp(-x)); });
}

std::unique_ptr<Kernel> make_leaky_relu(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  float alpha = attributes.number("alpha", 0.01f);
  attributes.finish();
  return make_table_kernel(request, [alpha](float x) { return x < 0 ? alpha * x : x; });
}

void infer_byte_table(InferRequest& request) {
  request.set_output(0, request.inputs[1].dtype, request.inputs[0].shape);
}

std::unique_ptr<Kernel> make_byte_table(KernelRequest& request) {
  request.attributes().finish();
  const TensorDesc& table = request.input(1);
  check_model(is_8bit(request.input(0).dtype) && is_8bit(table.dtype) && table.count() == 256,
              "a table {} for {}", to_string(table), to_string(request.input(0)));
  request.allow_in_place(0, 0);
  const QuantizedRows& rows = quantized_rows(request.isa);
  return make_kernel([&rows](KernelContext& context) {
    constexpr int64_t kGrain = 32768;
    const auto* x = static_cast<const uint8_t*>(context.input(0).data);
    const auto* table = static_cast<const uint8_t*>(context.input(1).data);
    auto* y = static_cast<uint8_t*>(context.output(0).data);
    context.threads().parallel_for(context.input(0).count(), kGrain,
                                   [&](int64_t begin, int64_t end) {
                                     rows.look_up(table, x + begin, end - begin, y + begin);
                                   });
  });
}

// condition, X, its scale and zero point, Y, its scale and zero point, those of the result.
constexpr QuantizationSlots kWhereX = {2, 3};
constexpr QuantizationSlots kWhereY = {5, 6};
constexpr QuantizationSlots kWhereZ = {7, 8};

void infer_where(InferRequest& request) {
  check_model(request.has_input(0) && request.has_input(1) && request.has_input(4),
              "the condition, X and Y are needed");
  Shape shape = broadcast_shapes(request.inputs[0].shape, request.inputs[1].shape);
  request.set_output(0, request.inputs[1].dtype, broadcast_shapes(shape, request.inputs[4].shape));
}

void run_where(DType dtype, KernelContext& context) {
  Quantization z = read_quantization(context, kWhereZ);
  ByteTable x_table = requantizing_table(dtype, read_quantization(context, kWhereX), z);
  ByteTable y_table = requantizing_table(dtype, read_quantization(context, kWhereY), z);
  const TensorDesc* descs[] = {&context.output(0), &context.input(0), &context.input(1),
                               &context.input(4)};
  StridedWalk walk(descs);
  auto* out = context.output(0).as<uint8_t>();
  const auto* condition = context.input(0).as<const bool>();
  const auto* x = context.input(1).as<const uint8_t>();
  const auto* y = context.input(4).as<const uint8_t>();
  int64_t steps[] = {walk.row_step(0), walk.row_step(1), walk.row_step(2), walk.row_step(3)};
  context.threads().parallel_for(walk.count, 16384, [&](int64_t begin, int64_t end) {
    for_each_row(walk, begin, end, [&](const WalkPosition& at, int64_t points) {
      for (int64_t i = 0; i < points; ++i) {
        out[at.offset(0) + i * steps[0]] = condition[at.offset(1) + i * steps[1]]
                                               ? x_table[x[at.offset(2) + i * steps[2]]]
                                               : y_table[y[at.offset(3) + i * steps[3]]];
      }
    });
  });
}

std::unique_ptr<Kernel> make_where(KernelRequest& request) {
  request.attributes().finish();
  DType dtype = request.input(1).dtype;
  check_supported(is_8bit(dtype), "X is of type {}", to_string(dtype));
  check_model(request.input(0).dtype == DType::kBool && request.input(4).dtype == dtype,
              "cannot choose between {} and {} by {}", to_string(request.input(1)),
              to_string(request.input(4)), to_string(request.input(0)));
  for (const QuantizationSlots& slots : {kWhereX, kWhereY, kWhereZ}) {
    check_quantization(request, slots, dtype);
  }
  for (int i : {0, 1, 4}) request.accept_strides(i);
  request.accept_output_strides(0);
  return make_kernel([dtype](KernelContext& context) { run_where(dtype, context); });
}

}  // namespace

void check_quantization(const KernelRequest& request, const QuantizationSlots& slots, DType dtype) {
  check_model(request.has_input(slots.scale), "the scale, input {}, is missing", slots.scale);
  const TensorDesc& scale = request.input(slots.scale);
  check_model(scale.dtype == DType::kFloat32 && scale.count() == 1,
              "the scale, input {}, is {}, not one float32", slots.scale, to_string(scale));
  if (!request.has_input(slots.zero)) return;
  const TensorDesc& zero = request.input(slots.zero);
  check_model(zero.dtype == dtype && zero.count() == 1,
              "the zero point, input {}, is {}, not one {}", slots.zero, to_string(zero),
              to_string(dtype));
}

Quantization read_quantization(const KernelContext& context, const QuantizationSlots& slots) {
  Quantization read;
  read.scale = *context.input(slots.scale).as<const float>();
  if (!context.has_input(slots.zero)) return read;
  const TensorView& zero = context.input(slots.zero);
  read.zero = zero.dtype == DType::kInt8 ? *zero.as<const int8_t>() : *zero.as<const uint8_t>();
  return read;
}

void register_qlinear(Registry& registry) {
  registry.add("QLinearSigmoid", "com.microsoft").kernel("reference", make_sigmoid).infer =
      elementwise::infer_as_input;
  registry.add("QLinearLeakyRelu", "com.microsoft").kernel("reference", make_leaky_relu).infer =
      elementwise::infer_as_input;
  registry.add("ByteTable", kPrivateDomain).kernel("reference", make_byte_table).infer =
      infer_byte_table;
  registry.add("QLinearWhere", "com.microsoft").kernel("reference", make_where).infer = infer_where;
  register_qlinear_binary(registry);
  register_qlinear_concat(registry);
}

}  // namespace convoy
