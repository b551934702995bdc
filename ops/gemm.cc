// Gemm: Y = alpha * op(A) · op(B) + beta * C, op a transpose or nothing, C broadcast to Y.
// Opsets 1 to 28: before 7 C was broadcast only where the attribute `broadcast` said so; from 11 on
// it is optional.
#include "ops/batching/rules.h"
#include "ops/matmul/matmul_kernels.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

MatMulRequest read_gemm(const KernelRequest& request) {
  AttributeReader attributes(request.node());
  bool transpose_a = attributes.integer("transA", 0) != 0;
  bool transpose_b = attributes.integer("transB", 0) != 0;
  MatMulRequest gemm;
  gemm.scale = attributes.number("alpha", 1.0f);
  gemm.beta = attributes.number("beta", 1.0f);
  if (request.node().version < 7) attributes.ignore("broadcast");
  attributes.finish();

  check_input(request.input(0).rank() == 2 && request.input(1).rank() == 2,
              "A and B must be matrices, not {} and {}", to_string(request.input(0).shape),
              to_string(request.input(1).shape));
  gemm.shape = describe_matmul(request.input(0), request.input(1), contiguous_output(request, 0),
                               transpose_a, transpose_b);
  gemm.has_c = request.has_input(2);
  if (gemm.has_c) {
    TensorDesc c = contiguous_input(request, 2);
    Shape target{gemm.shape.m, gemm.shape.n};
    check_input(c.rank() <= 2 && broadcast_shapes(c.shape, target) == target,
                "C of shape {} does not broadcast to {}", to_string(c.shape), to_string(target));
    Strides strides = broadcast_strides(c.shape, c.strides, target);
    gemm.c_m = strides[0];
    gemm.c_n = strides[1];
  }
  return gemm;
}

}  // namespace

void register_gemm(Registry& registry) {
  OpDef& definition = registry.add("Gemm");
  definition.batching = {.forms = batch_gemm, .may_lack = {2}, .sums = sum_gemm};
  definition.multiply_adds = multiply_adds_of_matmul;
  add_matmul_kernels(definition, read_gemm);
}

}  // namespace convoy
