// Matrix products on a GPU: operands of any strides, float32.
#include <algorithm>
#include <limits>

#include "ops/cuda_kernel.h"
#include "ops/kernels/cuda/matmul.h"
#include "ops/matmul/matmul_kernels.h"

namespace convoy {
namespace {

void copy_axes(const Dims& from, int64_t* to) { std::copy(from.begin(), from.end(), to); }

// Without addresses.
cuda::MatMul describe(const MatMulRequest& request) {
  const MatMulShape& shape = request.shape;
  cuda::MatMul product = {};
  product.m = shape.m;
  product.n = shape.n;
  product.k = shape.k;
  product.a_m = shape.a_m;
  product.a_k = shape.a_k;
  product.b_k = shape.b_k;
  product.b_n = shape.b_n;
  product.c_m = request.c_m;
  product.c_n = request.c_n;
  product.y_m = shape.y_m;
  product.y_n = shape.y_n;
  product.batch_axes = shape.batch.rank();
  copy_axes(shape.batch, product.batch);
  copy_axes(shape.a_batch, product.a_batch);
  copy_axes(shape.b_batch, product.b_batch);
  copy_axes(shape.y_batch, product.y_batch);
  product.scale = request.scale;
  product.beta = request.beta;
  product.epilogue = request.epilogue;
  return product;
}

}  // namespace

std::unique_ptr<Kernel> make_cuda_matmul(KernelRequest& request, MatMulReader read) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
  const MatMulRequest matmul = read(request);
  if (matmul.shape.batch.rank() > cuda::MatMul::kMaxBatchAxes) {
    return request.refuse("too many axes");
  }
  // There is a block for each output at most.
  if (request.output(0).count() > std::numeric_limits<int32_t>::max()) {
    return request.refuse("sizes beyond 32 bits");
  }
  request.accept_strides(matmul.a_input);
  request.accept_strides(matmul.b_input);
  if (request.output(0).count() == 0) return make_kernel([](KernelContext&) {});
  return make_cuda_launch(
      request, "matmul", describe(matmul), [matmul](cuda::MatMul& product, KernelContext& context) {
        product.a = context.input(matmul.a_input).as<const float>();
        product.b = context.input(matmul.b_input).as<const float>();
        product.c = matmul.has_c ? context.input(2).as<const float>() : nullptr;
        product.residual = matmul.has_residual ? context.input(3).as<const float>() : nullptr;
        product.y = context.output(0).as<float>();
      });
}

}  // namespace convoy
