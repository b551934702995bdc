#include <algorithm>
#include <optional>

#include "ops/conv/conv_cost.h"
#include "ops/conv/conv_kernels.h"
#include "ops/conv/onednn_kernel.h"

namespace convoy {
namespace {

// Axes of size 1 that the kernel does not move along change nothing in memory, but oneDNN blocks
// its loops along the last axis.
void drop_unit_axes(Window& window) {
  for (int i = window.rank() - 1; i >= 0 && window.rank() > 1; --i) {
    const SizedWindow& axis = window[i];
    bool unit = axis.input_size == 1 && axis.output_size == 1 && axis.kernel == 1 &&
                axis.pad_begin == 0 && axis.pad_end == 0;
    if (unit) window.axes.erase(window.axes.begin() + i);
  }
}

onednn::ConvProblem describe(const KernelRequest& request, const ConvRequest& conv) {
  onednn::ConvProblem problem;
  problem.batch = conv.shape.batch;
  problem.groups = conv.shape.groups;
  problem.in_channels = conv.shape.in_channels;
  problem.out_channels = conv.shape.out_channels;
  problem.window = conv.shape.window;
  problem.has_bias = conv.has_bias;
  problem.add_to_output = conv.has_residual;
  problem.epilogue = conv.epilogue;
  problem.threads = request.threads;
  drop_unit_axes(problem.window);
  return problem;
}

// oneDNN's blocked kernels want the padding at the start within one register tile; what they refuse
// for that reason they take with the padding written out.
std::shared_ptr<const onednn::Primitive> without_padding(const ConvRequest& conv,
                                                         onednn::ConvProblem problem,
                                                         std::optional<SourcePadding>& padding) {
  const Window& window = conv.shape.window;
  int64_t pads = 0;
  for (int axis = 0; axis < window.rank(); ++axis) {
    if (window[axis].pad_begin < 0 || window[axis].pad_end < 0) return nullptr;
    pads += window[axis].pad_begin + window[axis].pad_end;
  }
  if (pads == 0) return nullptr;
  int64_t width = std::max(1, problem.input_block);
  int64_t planes = problem.batch * ((problem.in_channels + width - 1) / width);
  padding = SourcePadding::of(window, planes, width);
  problem.window = window;
  for (SizedWindow& axis : problem.window.axes) {
    axis.input_size += axis.pad_begin + axis.pad_end;
    axis.pad_begin = axis.pad_end = 0;
  }
  return onednn::convolution(problem);
}

bool is_fast(const std::shared_ptr<const onednn::Primitive>& primitive) {
  return primitive && primitive->implementation().find("jit") == 0;
}

bool is_empty(const ConvShape& shape) {
  return element_count(shape.output_shape()) == 0 || shape.in_channels == 0 ||
         element_count(shape.window.input()) == 0;
}

}  // namespace

int channel_block(Isa isa) {
  if (isa >= Isa::kAvx512) return 16;
  return isa == Isa::kAvx2 ? 8 : 0;
}

bool suits_blocked_layout(const ConvShape& shape, int block) {
  int rank = shape.window.rank();
  if (block == 0 || rank < 1 || rank > 3) return false;
  int64_t in = shape.group_in();
  int64_t out = shape.group_out();
  if (shape.groups == 1) return out >= block && (in >= block || in <= 4);
  if (in == 1 && out == 1) return shape.groups % block == 0;
  return in % block == 0 && out % block == 0;
}

std::optional<double> estimate_blocked_conv(KernelRequest& request, const ConvRequest& conv) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
  if (is_empty(conv.shape)) return request.refuse("nothing to compute");
  if (!suits_blocked_layout(conv.shape, channel_block(request.isa))) {
    return request.refuse("the channels do not fill blocks");
  }
  return blocked_seconds(request, conv.shape);
}

std::unique_ptr<Kernel> make_blocked_conv(KernelRequest& request, const ConvRequest& conv) {
  int block = channel_block(request.isa);
  onednn::ConvProblem problem = describe(request, conv);
  bool plain_input = conv.shape.in_channels < block;
  problem.input_block = plain_input ? 0 : block;
  problem.output_block = block;
  auto primitive = onednn::convolution(problem);
  std::optional<SourcePadding> padding;
  if (!is_fast(primitive)) primitive = without_padding(conv, problem, padding);
  if (!is_fast(primitive)) {
    return request.refuse("oneDNN has no kernel for this in blocks");
  }
  if (!plain_input) request.want_layout(0, Layout{block});
  request.set_output_layout(0, Layout{block});
  if (conv.has_residual) {
    request.want_layout(3, Layout{block});
    request.allow_in_place(3, 0);
  }
  return make_onednn_kernel(request, std::move(primitive), std::move(padding));
}

std::unique_ptr<Kernel> make_onednn_conv(KernelRequest& request, const ConvRequest& conv) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
  if (is_empty(conv.shape)) return request.refuse("nothing to compute");
  auto primitive = onednn::convolution(describe(request, conv));
  if (!primitive) return request.refuse("oneDNN has no kernel for this");
  if (conv.has_residual) request.allow_in_place(3, 0);
  return make_onednn_kernel(request, std::move(primitive));
}

}  // namespace convoy
