// Conv: y[n, oc, o] = B[oc] + sum over ic, k of W[oc, ic, k] * X[n, ic, o * stride + k * dilation -
// pad], in groups, over any number of spatial axes. Opsets 1 to 28; FusedConv (private, see
// conv.h).
#include "ops/conv/conv.h"

#include "ops/batching/rules.h"
#include "ops/conv/conv_kernels.h"
#include "ops/conv/cuda_conv.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

ConvAttributes read_plain(const Node& node) {
  AttributeReader attributes(node);
  ConvAttributes conv = read_conv_attributes(attributes);
  attributes.finish();
  return conv;
}

// Both forms of the operator as one problem.
ConvRequest describe(KernelRequest& request) {
  ConvRequest conv;
  if (request.node().is("FusedConv", kPrivateDomain)) {
    AttributeReader attributes(request.node());
    conv.attributes = read_conv_attributes(attributes);
    conv.epilogue = read_epilogue(attributes);
    attributes.finish();
    conv.has_residual = request.has_input(3);
  } else {
    conv.attributes = read_plain(request.node());
  }
  const TensorDesc& x = request.input(0);
  check_input(request.input(1).dtype == x.dtype, "X and W are of the types {} and {}",
              to_string(x.dtype), to_string(request.input(1).dtype));
  conv.shape = resolve_conv(conv.attributes, x.shape, request.input(1).shape);
  conv.has_bias = request.has_input(2);
  if (conv.has_bias) {
    check_input(request.input(2).shape == Shape{conv.shape.out_channels} &&
                    request.input(2).dtype == x.dtype,
                "the bias of shape {} does not fit {} output channels",
                to_string(request.input(2).shape), conv.shape.out_channels);
  }
  Shape y = conv.shape.output_shape();
  request.check_output(0, y);
  if (conv.has_residual) {
    check_input(request.input(3).shape == y && request.input(3).dtype == x.dtype,
                "the residual of shape {} does not fit the output {}",
                to_string(request.input(3).shape), to_string(y));
  }
  return conv;
}

template <auto function>
auto described(KernelRequest& request) {
  return function(request, describe(request));
}

void add_kernels(OpDef& definition) {
  definition
      .estimated_kernel("product", described<estimate_product_conv>, described<make_product_conv>)
      .estimated_kernel("winograd_pixels", described<estimate_winograd_pixels_conv>,
                        described<make_winograd_pixels_conv>)
      .estimated_kernel("winograd", described<estimate_winograd_conv>,
                        described<make_winograd_conv>)
      .estimated_kernel("direct", described<estimate_direct_conv>, described<make_direct_conv>)
      .estimated_kernel("onednn_blocked", described<estimate_blocked_conv>,
                        described<make_blocked_conv>)
      .kernel("onednn", described<make_onednn_conv>)
      .kernel("reference", described<make_reference_conv>)
      .kernel("by_outputs", described<make_cuda_by_outputs_conv>, DeviceKind::kCuda)
      .kernel("implicit_gemm", described<make_cuda_implicit_gemm_conv>, DeviceKind::kCuda);
}

}  // namespace

void register_conv(Registry& registry) {
  OpDef& plain = registry.add("Conv");
  plain.infer = [](InferRequest& request) { infer_conv(request, {}); };
  plain.batching = {
      .forms = batch_conv, .may_lack = {2}, .may_be_quantized = {1, 2}, .sums = sum_conv};
  plain.multiply_adds = multiply_adds_of_conv;
  add_kernels(plain);
  OpDef& fused = registry.add("FusedConv", kPrivateDomain);
  fused.multiply_adds = multiply_adds_of_conv;
  fused.infer = [](InferRequest& request) { infer_conv(request, {}); };
  add_kernels(fused);
}

}  // namespace convoy
