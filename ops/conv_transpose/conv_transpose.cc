// ConvTranspose: the transpose of Conv, over any number of spatial axes. Opsets 1 to 28.
#include "ops/conv_transpose/conv_transpose.h"

#include <algorithm>

#include "ops/conv/conv_kernels.h"
#include "ops/conv/onednn_kernel.h"
#include "ops/kernels/conv/conv_kernels.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

Dims sizes_or(const std::vector<int64_t>& list, int rank, int64_t otherwise, const char* name) {
  if (list.empty()) return Dims::filled(rank, otherwise);
  check_model(static_cast<int>(list.size()) == rank, "{} has {} entries for {} spatial axes", name,
              list.size(), rank);
  return Dims(list);
}

int64_t uncut_size(const ConvTransposeShape& shape, int axis) {
  return (shape.input[axis] - 1) * shape.strides[axis] +
         shape.dilations[axis] * (shape.kernel[axis] - 1) + 1;
}

// auto_pad and output_shape say how large the output is; the padding follows from that.
int64_t derived_pad_begin(const ConvTransposeShape& shape, int axis, int64_t extra, bool upper) {
  int64_t total = std::max<int64_t>(0, uncut_size(shape, axis) + extra - shape.output[axis]);
  return upper ? total / 2 : total - total / 2;
}

void read_sizes(ConvTransposeShape& shape, const WindowAttributes& window, const Dims& extra,
                const std::vector<int64_t>& output_shape) {
  int rank = shape.input.rank();
  // Some models write the whole shape of Y, batch and channels included.
  bool whole = static_cast<int>(output_shape.size()) == rank + 2;
  std::vector<int64_t> wanted(output_shape.begin() + (whole ? 2 : 0), output_shape.end());
  Dims sizes = sizes_or(wanted, rank, 0, "output_shape");
  std::vector<int64_t> no_pads(static_cast<size_t>(2 * rank), 0);
  Dims pads = sizes_or(window.pads.empty() ? no_pads : window.pads, 2 * rank, 0, "pads");
  bool same = window.auto_pad == AutoPad::kSameUpper || window.auto_pad == AutoPad::kSameLower;
  for (int axis = 0; axis < rank; ++axis) {
    if (!wanted.empty() || same) {
      shape.output[axis] = wanted.empty() ? shape.input[axis] * shape.strides[axis] : sizes[axis];
      shape.pads_begin[axis] =
          derived_pad_begin(shape, axis, extra[axis], window.auto_pad == AutoPad::kSameUpper);
    } else {
      bool padded = window.auto_pad == AutoPad::kNotSet;
      shape.pads_begin[axis] = padded ? pads[axis] : 0;
      int64_t pad_end = padded ? pads[axis + rank] : 0;
      shape.output[axis] =
          uncut_size(shape, axis) + extra[axis] - shape.pads_begin[axis] - pad_end;
    }
  }
}

onednn::ConvProblem describe(const KernelRequest& request, const ConvTransposeShape& shape) {
  onednn::ConvProblem problem;
  problem.transposed = true;
  problem.batch = shape.batch;
  problem.groups = shape.groups;
  problem.in_channels = shape.in_channels;
  problem.out_channels = shape.out_channels;
  problem.input = shape.input;
  problem.output = shape.output;
  problem.kernel = shape.kernel;
  problem.strides = shape.strides;
  problem.dilations = shape.dilations;
  problem.pads_begin = shape.pads_begin;
  for (int axis = 0; axis < shape.input.rank(); ++axis) {
    problem.pads_end.push_back(shape.pad_end(axis));
  }
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
        plane_(element_count(shape.output)),
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
      kernels::ConvEpilogue offset;
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

int64_t ConvTransposeShape::pad_end(int axis) const {
  return uncut_size(*this, axis) - pads_begin[axis] - output[axis];
}

ConvTransposeShape read_conv_transpose(const KernelRequest& request) {
  AttributeReader attributes(request.node());
  WindowAttributes window = read_window(attributes);
  ConvTransposeShape shape;
  shape.groups = attributes.integer("group", 1);
  std::vector<int64_t> extra = attributes.integers("output_padding");
  std::vector<int64_t> output_shape = attributes.integers("output_shape");
  attributes.finish();

  const Shape& x = request.input(0).shape;
  const Shape& w = request.input(1).shape;
  check_input(x.rank() >= 3 && x.rank() == w.rank() && x[1] == w[0],
              "X of shape {} does not fit W of shape {}", to_string(x), to_string(w));
  check_model(shape.groups >= 1 && x[1] % shape.groups == 0, "{} channels in {} groups", x[1],
              shape.groups);
  int rank = x.rank() - 2;
  shape.batch = x[0];
  shape.in_channels = x[1];
  shape.out_channels = checked_multiply(w[1], shape.groups);
  shape.input = spatial_sizes(x);
  shape.kernel = spatial_sizes(w);
  shape.output = Dims::filled(rank, 0);
  shape.pads_begin = Dims::filled(rank, 0);
  shape.strides = sizes_or(window.strides, rank, 1, "strides");
  shape.dilations = sizes_or(window.dilations, rank, 1, "dilations");
  for (int axis = 0; axis < rank; ++axis) {
    check_model(shape.strides[axis] >= 1 && shape.dilations[axis] >= 1 && shape.kernel[axis] >= 1,
                "stride {}, dilation {}, kernel {}", shape.strides[axis], shape.dilations[axis],
                shape.kernel[axis]);
  }
  read_sizes(shape, window, sizes_or(extra, rank, 0, "output_padding"), output_shape);
  Shape y{shape.batch, shape.out_channels};
  for (int64_t size : shape.output) y.push_back(size);
  check_input(y == request.output(0).shape, "the output has shape {}, expected {}",
              to_string(request.output(0).shape), to_string(y));
  check_input(!request.has_input(2) || request.input(2).shape == Shape{shape.out_channels},
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
  registry.add("ConvTranspose")
      .kernel("onednn_blocked", make_blocked_conv_transpose)
      .kernel("columns", make_columns_conv_transpose)
      .kernel("onednn", make_onednn_conv_transpose)
      .kernel("reference", make_reference_conv_transpose);
}

}  // namespace convoy
