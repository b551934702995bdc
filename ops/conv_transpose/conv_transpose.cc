// ConvTranspose: the transpose of Conv, over any number of spatial axes. Opsets 1 to 28.
#include "ops/conv_transpose/conv_transpose.h"

#include "ops/batching/rules.h"
#include "ops/conv/conv_kernels.h"
#include "ops/conv/onednn_kernel.h"
#include "ops/kernels/conv/conv_kernels.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

onednn::ConvProblem describe(const KernelRequest& request, const ConvTransposeShape& shape) {
  onednn::ConvProblem problem;
  problem.transposed = true;
  problem.batch = shape.batch;
  problem.groups = shape.groups;
  problem.in_channels = shape.in_channels;
  problem.out_channels = shape.out_channels;
  problem.window = shape;
  problem.threads = request.threads;
  return problem;
}

// oneDNN's deconvolutions become up to ten times slower with a bias, so they get none.
class OneDnnConvTranspose : public Kernel {
 public:
  // `block`: of the output's channels; 1 where it is plain.
  OneDnnConvTranspose(KernelRequest& request, std::shared_ptr<const onednn::Primitive> primitive,
                      const ConvTransposeShape& shape, int block)
      : product_(make_onednn_kernel(request, std::move(primitive))),
        kernels_(kernels::conv_kernels(request.isa)),
        has_bias_(request.has_input(2)),
        rows_(shape.batch * shape.out_channels / block),
        plane_(element_count(shape.output())),
        channels_(shape.out_channels),
        block_(block) {}

  void run(KernelContext& context) const override {
    product_->run(context);
    if (!has_bias_) return;
    const auto* bias = context.input(2).as<const float>();
    auto* y = context.output(0).as<float>();
    int64_t grain = kGrain / std::max<int64_t>(plane_ * block_, 1) + 1;
    context.threads().parallel_for(rows_, grain, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        add(bias + row * block_ % channels_, y + row * plane_ * block_);
      }
    });
  }

 private:
  static constexpr int64_t kGrain = 16'384;  // elements worth another thread

  void add(const float* bias, float* y) const {
    if (block_ == 1) {
      Epilogue offset;
      offset.shift = *bias;
      return kernels_.activate(offset, y, plane_);
    }
    kernels::PixelStore store = {};
    store.sums = store.y = y;
    store.sums_pixel = store.y_pixel = store.channels = block_;
    store.pixels = plane_;
    store.scale = 1;
    store.bias = bias;
    kernels_.store_pixels(store);
  }

  std::unique_ptr<Kernel> product_;
  const kernels::ConvKernels& kernels_;
  bool has_bias_;
  int64_t rows_;  // of a channel, or of a block of channels
  int64_t plane_;
  int64_t channels_;
  int64_t block_;
};

// Empty, or why oneDNN does not apply.
const char* objection(const KernelRequest& request) {
  if (request.input(0).dtype != DType::kFloat32) return "only float32";
  bool empty = request.input(0).count() == 0 || request.output(0).count() == 0;
  return empty ? "nothing to compute" : nullptr;
}

}  // namespace

Shape ConvTransposeShape::output_shape() const {
  Shape shape{batch, out_channels};
  for (int64_t size : output()) shape.push_back(size);
  return shape;
}

ConvTransposeShape resolve_conv_transpose(const Node& node, const Shape& x, const Shape& w) {
  AttributeReader reader(node);
  TransposedAttributes attributes;
  attributes.window = read_window(reader);
  attributes.output_padding = reader.integers("output_padding");
  attributes.output_shape = reader.integers("output_shape");
  int64_t groups = reader.integer("group", 1);
  reader.finish();
  check_input(x.rank() >= 3 && x.rank() == w.rank() && x[1] == w[0],
              "X of shape {} does not fit W of shape {}", to_string(x), to_string(w));
  check_model(groups >= 1 && x[1] % groups == 0, "{} channels in {} groups", x[1], groups);
  Dims kernel = spatial_sizes(w);
  const auto& declared = attributes.window.kernel_shape;
  check_model(declared.empty() || Dims(declared) == kernel,
              "kernel_shape differs from W of shape {}", to_string(w));
  ConvTransposeShape shape{resolve_transposed(attributes, spatial_sizes(x), kernel)};
  shape.batch = x[0];
  shape.groups = groups;
  shape.in_channels = x[1];
  shape.out_channels = checked_multiply(w[1], groups);
  return shape;
}

ConvTransposeShape read_conv_transpose(const KernelRequest& request) {
  const TensorDesc& x = request.input(0);
  const TensorDesc& w = request.input(1);
  check_input(x.dtype == w.dtype, "X and W are of the types {} and {}", to_string(x.dtype),
              to_string(w.dtype));
  ConvTransposeShape shape = resolve_conv_transpose(request.node(), x.shape, w.shape);
  request.check_output(0, shape.output_shape());
  check_input(!request.has_input(2) || (request.input(2).shape == Shape{shape.out_channels} &&
                                        request.input(2).dtype == x.dtype),
              "the bias does not fit {} output channels", shape.out_channels);
  return shape;
}

std::unique_ptr<Kernel> make_blocked_conv_transpose(KernelRequest& request) {
  if (const char* why = objection(request)) return request.refuse(why);
  ConvTransposeShape shape = read_conv_transpose(request);
  int block = channel_block(request.isa);
  bool fits = block > 0 && shape.groups == 1 && shape.in_channels % block == 0 &&
              shape.out_channels % block == 0;
  if (!fits) return request.refuse("the channels do not fill blocks");
  onednn::ConvProblem problem = describe(request, shape);
  problem.input_block = block;
  problem.output_block = block;
  auto primitive = onednn::convolution(problem);
  if (!primitive) return request.refuse("oneDNN has no kernel for this in blocks");
  request.want_layout(0, Layout{block});
  request.set_output_layout(0, Layout{block});
  return std::make_unique<OneDnnConvTranspose>(request, std::move(primitive), shape, block);
}

std::unique_ptr<Kernel> make_onednn_conv_transpose(KernelRequest& request) {
  if (const char* why = objection(request)) return request.refuse(why);
  ConvTransposeShape shape = read_conv_transpose(request);
  auto primitive = onednn::convolution(describe(request, shape));
  if (!primitive) return request.refuse("oneDNN has no kernel for this");
  return std::make_unique<OneDnnConvTranspose>(request, std::move(primitive), shape, 1);
}

void register_conv_transpose(Registry& registry) {
  OpDef& definition = registry.add("ConvTranspose");
  definition.infer = [](InferRequest& request) {
    check_model(request.has_input(0) && request.has_input(1), "X or W is missing");
    const Shape& w = request.inputs[1].shape;
    Shape y = resolve_conv_transpose(request.node, request.inputs[0].shape, w).output_shape();
    request.set_output(0, request.inputs[0].dtype, y);
  };
  definition.batching = {.forms = batch_conv_transpose, .may_lack = {2}, .sums = sum_conv};
  definition.multiply_adds = multiply_adds_of_conv_transpose;
  definition.kernel("onednn_blocked", make_blocked_conv_transpose)
      .kernel("columns", make_columns_conv_transpose)
      .kernel("onednn", make_onednn_conv_transpose)
      .kernel("reference", make_reference_conv_transpose)
      .kernel("outputs", make_cuda_conv_transpose, DeviceKind::kCuda);
}

}  // namespace convoy
