// com.microsoft's QLinearAdd and QLinearMul: 8-bit integers, broadcast as in NumPy.
#include "ops/kernels/elementwise/strided_walk.h"
#include "ops/kernels/quantized/quantized_rows.h"
#include "ops/qlinear/qlinear.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

using elementwise::StridedWalk;
using elementwise::WalkPosition;

// A, its scale and zero point, B, its scale and zero point, those of C.
constexpr int kA = 0;
constexpr int kB = 3;
constexpr QuantizationSlots kOfA = {1, 2};
constexpr QuantizationSlots kOfB = {4, 5};
constexpr QuantizationSlots kOfC = {6, 7};

void infer_binary(InferRequest& request) {
  check_model(request.has_input(kA) && request.has_input(kB), "A and B are needed");
  request.set_output(0, request.inputs[kA].dtype,
                     broadcast_shapes(request.inputs[kA].shape, request.inputs[kB].shape));
}

enum class Operation { kAdd, kMultiply };

ByteArithmetic read_arithmetic(const KernelContext& context, Operation operation, DType dtype) {
  Quantization a = read_quantization(context, kOfA);
  Quantization b = read_quantization(context, kOfB);
  Quantization c = read_quantization(context, kOfC);
  int32_t shift = dtype == DType::kInt8 ? 128 : 0;
  ByteArithmetic arithmetic{};
  arithmetic.x_zero = static_cast<float>(a.zero + shift);
  arithmetic.y_zero = static_cast<float>(b.zero + shift);
  arithmetic.zero = static_cast<float>(c.zero + shift);
  arithmetic.flip = static_cast<uint8_t>(shift);
  bool adds = operation == Operation::kAdd;
  arithmetic.x_factor = (adds ? a.scale : a.scale * b.scale) / c.scale;
  arithmetic.y_factor = adds ? b.scale / c.scale : arithmetic.x_factor;
  return arithmetic;
}

// One row, whatever its steps.
void run_row(ByteRow row, const ByteArithmetic& arithmetic, const uint8_t* x, const uint8_t* y,
             uint8_t* z, const int64_t* steps, int64_t points) {
  if (steps[0] == 1 && steps[1] == 1 && steps[2] <= 1 && steps[2] >= 0) {
    return row(x, y, steps[2] == 0, z, points, arithmetic);
  }
  if (steps[0] == 1 && steps[1] == 0 && steps[2] == 1) {
    ByteArithmetic turned = arithmetic;
    std::swap(turned.x_zero, turned.y_zero);
    std::swap(turned.x_factor, turned.y_factor);
    return row(y, x, true, z, points, turned);
  }
  for (int64_t i = 0; i < points; ++i) {
    row(x + i * steps[1], y + i * steps[2], false, z + i * steps[0], 1, arithmetic);
  }
}

void run_rows(KernelContext& context, ByteRow row, const ByteArithmetic& arithmetic) {
  const TensorDesc* descs[] = {&context.output(0), &context.input(kA), &context.input(kB)};
  StridedWalk walk(descs);
  auto* z = context.output(0).as<uint8_t>();
  const auto* x = context.input(kA).as<const uint8_t>();
  const auto* y = context.input(kB).as<const uint8_t>();
  int64_t steps[] = {walk.row_step(0), walk.row_step(1), walk.row_step(2)};
  context.threads().parallel_for(walk.count, 16384, [&](int64_t begin, int64_t end) {
    for_each_row(walk, begin, end, [&](const WalkPosition& at, int64_t points) {
      run_row(row, arithmetic, x + at.offset(1), y + at.offset(2), z + at.offset(0), steps, points);
    });
  });
}

template <Operation operation>
std::unique_ptr<Kernel> make_binary(KernelRequest& request) {
  request.attributes().finish();
  DType dtype = request.input(kA).dtype;
  check_supported(is_8bit(dtype), "A is of type {}", to_string(dtype));
  check_model(request.input(kB).dtype == dtype, "A is of type {} and B of type {}",
              to_string(dtype), to_string(request.input(kB).dtype));
  for (const QuantizationSlots& slots : {kOfA, kOfB, kOfC}) {
    check_quantization(request, slots, dtype);
  }
  request.accept_output_strides(0);
  for (int i : {kA, kB}) {
    request.accept_strides(i);
    request.allow_in_place(i, 0);
  }
  const QuantizedRows& rows = quantized_rows(request.isa);
  ByteRow row = operation == Operation::kAdd ? rows.add : rows.multiply;
  return make_kernel([dtype, row](KernelContext& context) {
    run_rows(context, row, read_arithmetic(context, operation, dtype));
  });
}

}  // namespace

void register_qlinear_binary(Registry& registry) {
  registry.add("QLinearAdd", "com.microsoft").kernel("rows", make_binary<Operation::kAdd>).infer =
      infer_binary;
  registry.add("QLinearMul", "com.microsoft")
      .kernel("rows", make_binary<Operation::kMultiply>)
      .infer = infer_binary;
}

}  // namespace convoy
