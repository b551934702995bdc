// MatMul: NumPy's matmul over the last two axes, batch axes broadcast. Opsets 1 to 28; FusedMatMul
// (private, see matmul.h).
#include "ops/matmul/matmul.h"

#include "ops/batching/rules.h"
#include "ops/matmul/matmul_kernels.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

MatMulRequest read_matmul(const KernelRequest& request) {
  request.attributes().finish();
  MatMulRequest matmul;
  matmul.shape = describe_matmul(request.input(0), request.input(1), contiguous_output(request, 0));
  return matmul;
}

struct FusedAttributes {
  bool transpose_a;
  bool transpose_b;
  float scale;
  Epilogue epilogue;

  explicit FusedAttributes(const Node& node) {
    AttributeReader attributes(node);
    transpose_a = attributes.integer("transA", 0) != 0;
    transpose_b = attributes.integer("transB", 0) != 0;
    scale = attributes.number("scale", 1.0f);
    epilogue = read_epilogue(attributes);
    attributes.finish();
  }
};

MatMulRequest read_fused(const KernelRequest& request) {
  FusedAttributes attributes(request.node());
  MatMulRequest matmul;
  matmul.shape = describe_matmul(request.input(0), request.input(1), contiguous_output(request, 0),
                                 attributes.transpose_a, attributes.transpose_b);
  matmul.scale = attributes.scale;
  matmul.epilogue = attributes.epilogue;
  matmul.has_c = request.has_input(2);
  if (matmul.has_c) {
    check_input(request.input(2).shape == Shape{matmul.shape.n},
                "the bias of shape {} does not fit {} columns", to_string(request.input(2).shape),
                matmul.shape.n);
    matmul.c_n = 1;
  }
  // No schema checks the operands of this operator.
  for (int i = 1; i < request.input_count(); ++i) {
    check_input(!request.has_input(i) || request.input(i).dtype == request.input(0).dtype,
                "operand {} is {}, but A is {}", i, to_string(request.input(i).dtype),
                to_string(request.input(0).dtype));
  }
  matmul.has_residual = request.has_input(3);
  if (matmul.has_residual) {
    check_input(request.input(3).shape == request.output(0).shape,
                "the residual of shape {} does not fit the output {}",
                to_string(request.input(3).shape), to_string(request.output(0).shape));
  }
  return matmul;
}

void infer_fused(InferRequest& request) {
  FusedAttributes attributes(request.node);
  request.set_output(0, request.inputs[0].dtype,
                     matmul_output_shape(request.inputs[0].shape, request.inputs[1].shape,
                                         attributes.transpose_a, attributes.transpose_b));
}

}  // namespace

void add_matmul_kernels(OpDef& definition, MatMulReader read) {
  auto with_reader = [read](auto make) {
    return [read, make](KernelRequest& request) { return make(request, read); };
  };
  definition.kernel("small", with_reader(make_small_matmul))
      .kernel("packed", with_reader(make_packed_matmul))
      .kernel("onednn", with_reader(make_onednn_matmul))
      .kernel("reference", with_reader(make_reference_matmul))
      .kernel("tiles", with_reader(make_cuda_matmul), DeviceKind::kCuda);
}

void register_matmul(Registry& registry) {
  OpDef& plain = registry.add("MatMul");
  plain.batching = {.forms = batch_matmul, .sums = sum_matmul};
  plain.multiply_adds = multiply_adds_of_matmul;
  add_matmul_kernels(plain, read_matmul);
  OpDef& fused = registry.add("FusedMatMul", kPrivateDomain);
  fused.infer = infer_fused;
  fused.multiply_adds = multiply_adds_of_matmul;
  add_matmul_kernels(fused, read_fused);
}

}  // namespace convoy
