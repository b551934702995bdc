// ConvInteger, MatMulInteger, QLinearConv and QLinearMatMul on 8-bit integers: sums in int32, which
// wrap around, of what remains after the zero points are taken off. Opsets 10 to 28.
//
// ai.convoy::ScaledMatMulInteger(A, B, a_zero_point?, b_zero_point?, scale, bias?) -> Y
//   Y = float(MatMulInteger(A, B, a_zero_point, b_zero_point)) · scale + bias in float32; scale is
//   one number or [N], bias is [N].
//
// ai.convoy::QLinearGemm(A, a_scale, a_zero_point, B, b_scale, b_zero_point, y_scale, y_zero_point,
//                        bias?) -> Y
//   QLinearMatMul with a bias of int32 [N], in steps of a_scale · b_scale.
#include "ops/quantized/quantized.h"

#include "ops/conv/reference_conv.h"
#include "ops/matmul/reference_matmul.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

using Slots = QuantizedSlots;
constexpr Slots kInteger = {0, 1, 2, 3, -1, -1, -1, -1, -1};
constexpr Slots kLinear = {0, 3, 2, 5, 1, 4, 6, 7, 8};
constexpr Slots kLinearProduct = {0, 3, 2, 5, 1, 4, 6, 7, -1};
constexpr Slots kScaled = {0, 1, 2, 3, -1, 4, -1, -1, 5};

template <typename X, typename W>
void run_conv(const ConvShape& shape, const Slots& slots, KernelContext& context) {
  const auto x_zero = static_cast<uint32_t>(zero_points(context, slots.x_zero, 1)[0]);
  ZeroPoints given = zero_points(context, slots.w_zero, shape.out_channels);
  auto* w_zero = reinterpret_cast<uint32_t*>(context.scratch());
  for (int64_t i = 0; i < shape.out_channels; ++i) w_zero[i] = static_cast<uint32_t>(given[i]);
  const auto* x = context.input(slots.x).as<const X>();
  const auto* w = context.input(slots.w).as<const W>();
  ReferenceConv<uint32_t, X, W> conv(shape);
  int64_t plane = element_count(shape.window.output());
  auto offset_of = [&](int64_t n, int64_t channel, int64_t first) {
    return (n * shape.out_channels + channel) * plane + first;
  };
  if (slots.y_scale < 0) {
    auto* y = context.output(0).as<uint32_t>();
    auto store = [&](int64_t n, int64_t channel, int64_t first, const uint32_t* sums,
                     int64_t count) { std::copy_n(sums, count, y + offset_of(n, channel, first)); };
    return conv.run(x, w, x_zero, w_zero, context.threads(), store);
  }
  float x_scale = scales(context, slots.x_scale, 1)[0];
  Scales w_scale = scales(context, slots.w_scale, shape.out_channels);
  float y_scale = scales(context, slots.y_scale, 1)[0];
  int32_t y_zero = zero_points(context, slots.y_zero, 1)[0];
  const int32_t* bias = bias_of(context, slots);
  auto* y = context.output(0).as<X>();
  auto store = [&](int64_t n, int64_t channel, int64_t first, const uint32_t* sums, int64_t count) {
    float scale = x_scale * w_scale[channel] / y_scale;
    const auto base = static_cast<uint32_t>(bias ? bias[channel] : 0);
    X* to = y + offset_of(n, channel, first);
    for (int64_t i = 0; i < count; ++i) {
      to[i] = requantize<X>(static_cast<int32_t>(sums[i] + base), scale, y_zero);
    }
  };
  conv.run(x, w, x_zero, w_zero, context.threads(), store);
}

std::unique_ptr<Kernel> make_conv(KernelRequest& request, const Slots& slots) {
  AttributeReader attributes(request.node());
  ConvAttributes conv = read_conv_attributes(attributes);
  attributes.finish();
  const TensorDesc& x = request.input(slots.x);
  const TensorDesc& w = request.input(slots.w);
  ConvShape shape = resolve_conv(conv, x.shape, w.shape);
  request.check_output(0, shape.output_shape());
  if (slots.bias >= 0 && request.has_input(slots.bias)) {
    check_input(request.input(slots.bias).count() == shape.out_channels,
                "the bias does not fit {} output channels", shape.out_channels);
  }
  bool same_type = slots.y_scale < 0 || request.output(0).dtype == x.dtype;
  check_supported(same_type, "x of type {} and y of type {}", to_string(x.dtype),
                  to_string(request.output(0).dtype));
  request.use_scratch(static_cast<size_t>(shape.out_channels) * sizeof(int32_t));
  return visit_8bit(x.dtype, w.dtype, [&](auto first, auto second) {
    using X = typename decltype(first)::type;
    using W = typename decltype(second)::type;
    return make_kernel(
        [shape, slots](KernelContext& context) { run_conv<X, W>(shape, slots, context); });
  });
}

struct IntegerMatMul {
  MatMulShape shape;
  int64_t rows;    // of one matrix of A
  bool by_matrix;  // zero points or scales are given for each
  int64_t a_matrices, b_matrices;
  Slots slots;
};

// The products of `shape`, which reads A and B from these matrices on.
template <typename A, typename B>
void run_products(const IntegerMatMul& matmul, const MatMulShape& shape,
                  const MatMulOffsets& offsets, KernelContext& context) {
  const Slots& slots = matmul.slots;
  const int64_t rows = matmul.rows, k = std::max<int64_t>(shape.k, 1);
  const MatrixNumber left{offsets.a / (rows * k), matmul.a_matrices};
  const MatrixNumber right{offsets.b / std::max<int64_t>(k * shape.n, 1), matmul.b_matrices};
  ZeroPoints a_zero = zero_points(context, slots.x_zero, rows, left);
  ZeroPoints b_zero = zero_points(context, slots.w_zero, shape.n, right);
  auto load_a = [&](A value, int64_t row) {
    return static_cast<uint32_t>(int32_t{value} - a_zero[row % rows]);
  };
  auto load_b = [&](B value, int64_t column) {
    return static_cast<uint32_t>(int32_t{value} - b_zero[column]);
  };
  const auto* a = context.input(slots.x).as<const A>() + offsets.a;
  const auto* b = context.input(slots.w).as<const B>() + offsets.b;
  if (context.output(0).dtype == DType::kFloat32) {
    Scales scale = scales(context, slots.w_scale, shape.n);
    const float* bias =
        context.has_input(slots.bias) ? context.input(slots.bias).as<const float>() : nullptr;
    auto* y = context.output(0).as<float>() + offsets.y;
    auto store = [&](int64_t offset, int64_t, int64_t first, const uint32_t* sums, int64_t count) {
      for (int64_t j = 0; j < count; ++j) {
        const float scaled = static_cast<float>(static_cast<int32_t>(sums[j])) * scale[first + j];
        y[offset + j * shape.y_n] = bias ? scaled + bias[first + j] : scaled;
      }
    };
    return reference_matmul<uint32_t>(shape, a, b, context.threads(), load_a, load_b, store);
  }
  if (slots.y_scale < 0) {
    auto* y = context.output(0).as<uint32_t>() + offsets.y;
    auto store = [&](int64_t offset, int64_t, int64_t, const uint32_t* sums, int64_t count) {
      for (int64_t j = 0; j < count; ++j) y[offset + j * shape.y_n] = sums[j];
    };
    return reference_matmul<uint32_t>(shape, a, b, context.threads(), load_a, load_b, store);
  }
  Scales a_scale = scales(context, slots.x_scale, rows, left);
  Scales b_scale = scales(context, slots.w_scale, shape.n, right);
  float y_scale = scales(context, slots.y_scale, 1)[0];
  int32_t y_zero = zero_points(context, slots.y_zero, 1)[0];
  auto* y = context.output(0).as<A>() + offsets.y;
  const int32_t* bias = bias_of(context, slots);
  auto store = [&](int64_t offset, int64_t row, int64_t first, const uint32_t* sums,
                   int64_t count) {
    float factor = a_scale[row % rows] / y_scale;
    for (int64_t j = 0; j < count; ++j) {
      float scale = factor * b_scale[first + j];
      const auto base = static_cast<uint32_t>(bias ? bias[first + j] : 0);
      y[offset + j * shape.y_n] =
          requantize<A>(static_cast<int32_t>(sums[j] + base), scale, y_zero);
    }
  };
  reference_matmul<uint32_t>(shape, a, b, context.threads(), load_a, load_b, store);
}

template <typename A, typename B>
void run_matmul(const IntegerMatMul& matmul, KernelContext& context) {
  if (!matmul.by_matrix) return run_products<A, B>(matmul, matmul.shape, {}, context);
  MatMulShape one = matmul.shape;
  one.batch = {};
  for (int64_t i = 0; i < matmul.shape.batch_count(); ++i) {
    run_products<A, B>(matmul, one, matrix_offsets(matmul.shape, i), context);
  }
}

// Does an operand give more numbers than one for all or `count`?
bool gives_more(const KernelRequest& request, int slot, int64_t count) {
  return slot >= 0 && request.has_input(slot) && request.input(slot).count() > 1 &&
         request.input(slot).count() != count;
}

int64_t matrices_of(const TensorDesc& operand) {
  const int64_t size = operand.rank() < 2
                           ? operand.count()
                           : operand.shape[operand.rank() - 2] * operand.shape.back();
  return operand.count() / std::max<int64_t>(size, 1);
}

void infer_scaled(InferRequest& request) {
  request.set_output(0, DType::kFloat32,
                     matmul_output_shape(request.inputs[0].shape, request.inputs[1].shape));
}

void infer_biased(InferRequest& request) {
  request.set_output(0, request.inputs[7].dtype,
                     matmul_output_shape(request.inputs[0].shape, request.inputs[3].shape));
}

std::unique_ptr<Kernel> make_matmul(KernelRequest& request, const Slots& slots) {
  request.attributes().finish();
  const TensorDesc& a = request.input(slots.x);
  const TensorDesc& b = request.input(slots.w);
  if (const char* why = misfit_of_private(request, slots))
    fail(ErrorCode::kInvalidModel, "{}", why);
  IntegerMatMul matmul;
  matmul.slots = slots;
  matmul.rows = a.rank() >= 2 ? std::max<int64_t>(1, a.shape[a.rank() - 2]) : 1;
  matmul.a_matrices = matrices_of(a);
  matmul.b_matrices = matrices_of(b);
  const int64_t columns = b.rank() >= 2 ? b.shape.back() : 1;
  matmul.by_matrix = gives_more(request, slots.x_zero, matmul.rows) ||
                     gives_more(request, slots.w_zero, columns) ||
                     gives_more(request, slots.x_scale, matmul.rows) ||
                     gives_more(request, slots.w_scale, columns);
  bool zero_by_row = request.has_input(slots.x_zero) && request.input(slots.x_zero).count() > 1;
  bool scale_by_row = slots.x_scale >= 0 && request.input(slots.x_scale).count() > 1;
  matmul.shape = describe_matmul(contiguous_input(request, slots.x),
                                 contiguous_input(request, slots.w), contiguous_output(request, 0),
                                 false, false, zero_by_row || scale_by_row || matmul.by_matrix);
  bool same_type = slots.y_scale < 0 || request.output(0).dtype == a.dtype;
  check_supported(same_type, "a of type {} and y of type {}", to_string(a.dtype),
                  to_string(request.output(0).dtype));
  return visit_8bit(a.dtype, b.dtype, [&](auto first, auto second) {
    using A = typename decltype(first)::type;
    using B = typename decltype(second)::type;
    return make_kernel([matmul](KernelContext& context) { run_matmul<A, B>(matmul, context); });
  });
}

}  // namespace

void register_quantized(Registry& registry) {
  auto with_slots = [](const Slots& slots, auto make) {
    return [slots, make](KernelRequest& request) { return make(request, slots); };
  };
  auto add_conv = [&](const char* name, const Slots& slots) -> OpDef& {
    return registry.add(name)
        .kernel("integer", with_slots(slots, make_integer_conv))
        .kernel("float", with_slots(slots, make_float_quantized_conv))
        .kernel("reference", with_slots(slots, make_conv));
  };
  add_conv("ConvInteger", kInteger).infer = [](InferRequest& request) {
    infer_conv(request, {0, 1, -1});
  };
  add_conv("QLinearConv", kLinear).infer = [](InferRequest& request) {
    check_model(request.has_input(7), "y_zero_point is missing");
    infer_conv(request, {0, 3, 7});
  };
  auto add_matmul = [&](OpDef& definition, const Slots& slots) {
    definition.kernel("integer", with_slots(slots, make_integer_matmul))
        .kernel("reference", with_slots(slots, make_matmul));
  };
  add_matmul(registry.add("MatMulInteger"), kInteger);
  add_matmul(registry.add("QLinearMatMul"), kLinearProduct);
  OpDef& scaled = registry.add("ScaledMatMulInteger", kPrivateDomain);
  scaled.infer = infer_scaled;
  add_matmul(scaled, kScaled);
  OpDef& biased = registry.add("QLinearGemm", kPrivateDomain);
  biased.infer = infer_biased;
  add_matmul(biased, kLinear);
}

}  // namespace convoy
