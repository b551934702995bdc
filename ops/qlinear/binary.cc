// com.microsoft's QLinearAdd and QLinearMul: 8-bit integers, broadcast as in NumPy.
#include "ops/kernels/elementwise/typed_kernel.h"
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

// out[i] = f(a[i], b[i]) of the integers as float without their zero points.
template <typename T, typename F>
void run_rows(KernelContext& context, const Quantization& a, const Quantization& b,
              int32_t c_zero, const F& f) {
  const TensorDesc* descs[] = {&context.output(0), &context.input(kA), &context.input(kB)};
  StridedWalk walk(descs);
  auto* out = context.output(0).as<T>();
  const auto* left = context.input(kA).as<const T>();
  const auto* right = context.input(kB).as<const T>();
  int64_t steps[] = {walk.row_step(0), walk.row_step(1), walk.row_step(2)};
  auto row = [&](T* to, const T* x, const T* y, int64_t points, int64_t step, int64_t x_step,
                 int64_t y_step) {
    for (int64_t i = 0; i < points; ++i) {
      auto first = static_cast<float>(x[i * x_step] - a.zero);
      auto second = static_cast<float>(y[i * y_step] - b.zero);
      to[i * step] = quantize_value<T>(f(first, second), c_zero);
    }
  };
  context.threads().parallel_for(walk.count, 16384, [&](int64_t begin, int64_t end) {
    for_each_row(walk, begin, end, [&](const WalkPosition& at, int64_t points) {
      T* to = out + at.offset(0);
      const T* x = left + at.offset(1);
      const T* y = right + at.offset(2);
      if (steps[0] == 1 && steps[1] == 1 && steps[2] == 1) return row(to, x, y, points, 1, 1, 1);
      row(to, x, y, points, steps[0], steps[1], steps[2]);
    });
  });
}

struct Add {
  float a, b;
  Add(float a_scale, float b_scale, float c_scale) : a(a_scale / c_scale), b(b_scale / c_scale) {}
  float operator()(float x, float y) const { return x * a + y * b; }
};

struct Multiply {
  float scale;
  Multiply(float a_scale, float b_scale, float c_scale) : scale(a_scale * b_scale / c_scale) {}
  float operator()(float x, float y) const { return x * y * scale; }
};

template <typename F>
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
  return visit_dtype_among<uint8_t, int8_t>(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return make_kernel([](KernelContext& context) {
      Quantization a = read_quantization(context, kOfA);
      Quantization b = read_quantization(context, kOfB);
      Quantization c = read_quantization(context, kOfC);
      run_rows<T>(context, a, b, c.zero, F(a.scale, b.scale, c.scale));
    });
  });
}

}  // namespace

void register_qlinear_binary(Registry& registry) {
  registry.add("QLinearAdd", "com.microsoft").kernel("reference", make_binary<Add>).infer =
      infer_binary;
  registry.add("QLinearMul", "com.microsoft").kernel("reference", make_binary<Multiply>).infer =
      infer_binary;
}

}  // namespace convoy
