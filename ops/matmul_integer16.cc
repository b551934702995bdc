// com.microsoft's MatMulInteger16: products of 16-bit integers, summed in 32 bits, as NumPy's
// matmul. Signed operands give int32, unsigned ones uint32; a mixture gives int32. Sums wrap
// around.
#include "ops/matmul/reference_matmul.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

bool is_16bit(DType dtype) { return dtype == DType::kInt16 || dtype == DType::kUInt16; }

void infer(InferRequest& request) {
  check_model(request.has_input(0) && request.has_input(1), "A and B are needed");
  const TensorDesc& a = request.inputs[0];
  const TensorDesc& b = request.inputs[1];
  check_model(is_16bit(a.dtype) && is_16bit(b.dtype), "A is {} and B {}, not 16-bit integers",
              to_string(a), to_string(b));
  bool positive = a.dtype == DType::kUInt16 && b.dtype == DType::kUInt16;
  request.set_output(0, positive ? DType::kUInt32 : DType::kInt32,
                     matmul_output_shape(a.shape, b.shape));
}

template <typename A, typename B>
void run(const MatMulShape& shape, KernelContext& context) {
  // Unsigned sums wrap around; their bits are those of the signed ones.
  auto load_a = [](A value, int64_t) { return static_cast<uint32_t>(int32_t{value}); };
  auto load_b = [](B value, int64_t) { return static_cast<uint32_t>(int32_t{value}); };
  auto* y = static_cast<uint32_t*>(context.output(0).data);
  auto store = [&](int64_t offset, int64_t, int64_t, const uint32_t* sums, int64_t count) {
    for (int64_t j = 0; j < count; ++j) y[offset + j * shape.y_n] = sums[j];
  };
  reference_matmul<uint32_t>(shape, context.input(0).as<const A>(), context.input(1).as<const B>(),
                             context.threads(), load_a, load_b, store);
}

std::unique_ptr<Kernel> make(KernelRequest& request) {
  request.attributes().finish();
  MatMulShape shape = describe_matmul(contiguous_input(request, 0), contiguous_input(request, 1),
                                      contiguous_output(request, 0));
  return visit_dtype_among<int16_t, uint16_t>(request.input(0).dtype, [&](auto first) {
    return visit_dtype_among<int16_t, uint16_t>(request.input(1).dtype, [&](auto second) {
      using A = typename decltype(first)::type;
      using B = typename decltype(second)::type;
      return make_kernel([shape](KernelContext& context) { run<A, B>(shape, context); });
    });
  });
}

}  // namespace

void register_matmul_integer16(Registry& registry) {
  registry.add("MatMulInteger16", "com.microsoft").kernel("reference", make).infer = infer;
}

}  // namespace convoy
