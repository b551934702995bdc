// Convolutions with one output position: each output channel is one sum over the whole input.
#include "ops/conv/conv_cost.h"
#include "ops/conv/conv_kernels.h"
#include "ops/matmul/matmul_kernels.h"

namespace convoy {
namespace {

bool is_whole_input(const Window& window) {
  for (int axis = 0; axis < window.rank(); ++axis) {
    if (window[axis].output_size != 1 || window[axis].kernel != window[axis].input_size ||
        window[axis].dilation != 1 || window[axis].pad_begin != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<double> estimate_product_conv(KernelRequest& request, const ConvRequest& conv) {
  const ConvShape& shape = conv.shape;
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
  if (!is_whole_input(shape.window)) return request.refuse("more than one output position");
  if (shape.groups != 1) return request.refuse("groups");
  if (request.constant(1) == nullptr || request.weights == nullptr) {
    return request.refuse("computed weights");
  }
  if (shape.batch == 0 || request.constant(1)->count() == 0) {
    return request.refuse("nothing to compute");
  }
  return product_seconds(request);
}

std::unique_ptr<Kernel> make_product_conv(KernelRequest& request, const ConvRequest& conv) {
  const ConvShape& shape = conv.shape;
  MatMulRequest product;
  product.shape.m = shape.batch;
  product.shape.n = shape.out_channels;
  product.shape.k = shape.in_channels * shape.window.kernel_volume();
  product.shape.a_m = product.shape.k;
  product.shape.a_k = 1;
  product.shape.b_k = 1;
  product.shape.b_n = product.shape.k;
  product.shape.y_m = product.shape.n;
  product.shape.y_n = 1;
  product.has_c = conv.has_bias;
  product.c_n = 1;
  product.has_residual = conv.has_residual;
  product.epilogue = conv.epilogue;
  return make_packed_product(request, product);
}

}  // namespace convoy
