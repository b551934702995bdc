// DepthToSpace (modes DCR and CRD from opset 11 on) and SpaceToDepth, opset 1 and up: blocks of
// channels become blocks of pixels and back. Any element type.
#include "ops/kernels/copy/copy.h"
#include "ops/views/copy_view.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct BlockForm {
  int64_t block = 1;
  bool channel_first = false;  // CRD: channels outside of the block's offsets
  bool to_space = true;
};

BlockForm read_form(const Node& node) {
  AttributeReader attributes(node);
  BlockForm form;
  form.block = attributes.required_integer("blocksize");
  std::string mode = attributes.text("mode", "DCR");
  attributes.finish();
  check_model(mode == "DCR" || mode == "CRD", "the mode '{}' is not known", mode);
  check_model(form.block > 0, "the block size is {}", form.block);
  form.channel_first = mode == "CRD";
  form.to_space = node.op_type == "DepthToSpace";
  return form;
}

void infer_blocks(InferRequest& request) {
  BlockForm form = read_form(request.node);
  const TensorDesc& input = request.inputs[0];
  check_input(input.rank() == 4, "{} has rank {}, not 4", to_string(input), input.rank());
  Shape shape = input.shape;
  int64_t area = checked_multiply(form.block, form.block);
  if (form.to_space) {
    check_input(shape[1] % area == 0, "{} channels for blocks of {}", shape[1], area);
    shape[1] /= area;
    shape[2] = checked_multiply(shape[2], form.block);
    shape[3] = checked_multiply(shape[3], form.block);
  } else {
    check_input(shape[2] % form.block == 0 && shape[3] % form.block == 0,
                "{} is no multiple of blocks of {}", to_string(input), form.block);
    shape[1] = checked_multiply(shape[1], area);
    shape[2] /= form.block;
    shape[3] /= form.block;
  }
  request.set_output(0, input.dtype, shape);
}

// Both tensors read as [n, c, block row, block column, h, w].
TensorView deep_view(const TensorView& view, const BlockForm& form) {
  int64_t b = form.block;
  int64_t channels = view.shape[1] / (b * b);
  const Strides& s = view.strides;
  int64_t offset_step = form.channel_first ? s[1] : s[1] * channels;
  int64_t channel_step = form.channel_first ? s[1] * b * b : s[1];
  return moved_view(view, {view.shape[0], channels, b, b, view.shape[2], view.shape[3]},
                    {s[0], channel_step, offset_step * b, offset_step, s[2], s[3]}, 0);
}

TensorView spatial_view(const TensorView& view, const BlockForm& form) {
  int64_t b = form.block;
  const Strides& s = view.strides;
  const Shape& d = view.shape;
  return moved_view(view, {d[0], d[1], b, b, d[2] / b, d[3] / b},
                    {s[0], s[1], s[2], s[3], s[2] * b, s[3] * b}, 0);
}

std::unique_ptr<Kernel> make_blocks(KernelRequest& request) {
  BlockForm form = read_form(request.node());
  request.accept_strides(0);
  request.accept_output_strides(0);
  return make_kernel([form](KernelContext& context) {
    const TensorView& in = context.input(0);
    const TensorView& out = context.output(0);
    if (in.count() == 0) return;
    TensorView from = form.to_space ? deep_view(in, form) : spatial_view(in, form);
    TensorView to = form.to_space ? spatial_view(out, form) : deep_view(out, form);
    copy_view(context, from, to);
  });
}

}  // namespace

void register_depth_to_space(Registry& registry) {
  for (const char* name : {"DepthToSpace", "SpaceToDepth"}) {
    registry.add(name)
        .kernel("copy", make_blocks)
        .kernel("copy", copies_on_gpu(make_blocks), DeviceKind::kCuda)
        .infer = infer_blocks;
  }
}

}  // namespace convoy
