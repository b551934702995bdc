// Concat, opset 1 and up: joins the inputs along one axis (opset 1: axis 1 unless given).
// Any element type; strided inputs and outputs.
#include "ops/batching/rules.h"
#include "ops/kernels/copy/copy.h"
#include "ops/views/copy_view.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

int64_t read_axis(const Node& node) {
  AttributeReader attributes(node);
  int64_t axis =
      node.version < 4 ? attributes.integer("axis", 1) : attributes.required_integer("axis");
  attributes.finish();
  return axis;
}

void infer_concat(InferRequest& request) {
  check_model(!request.inputs.empty(), "nothing to concatenate");
  const TensorDesc& first = request.inputs[0];
  int axis = normalize_axis(read_axis(request.node), first.rank());
  Shape shape = first.shape;
  for (size_t i = 1; i < request.inputs.size(); ++i) {
    const TensorDesc& next = request.inputs[i];
    check_input(next.dtype == first.dtype && next.rank() == first.rank(),
                "cannot concatenate {} and {}", to_string(first), to_string(next));
    for (int d = 0; d < shape.rank(); ++d) {
      if (d == axis) continue;
      check_input(next.shape[d] == shape[d], "cannot concatenate {} and {} on axis {}",
                  to_string(first), to_string(next), axis);
    }
    shape[axis] = checked_add(shape[axis], next.shape[axis]);
  }
  request.set_output(0, first.dtype, shape);
}

std::unique_ptr<Kernel> make_concat(KernelRequest& request) {
  int axis = normalize_axis(read_axis(request.node()), request.input(0).rank());
  for (int i = 0; i < request.input_count(); ++i) request.accept_strides(i);
  request.accept_output_strides(0);
  return make_kernel([axis](KernelContext& context) {
    int64_t begin = 0;
    for (int i = 0; i < context.input_count(); ++i) {
      const TensorView& input = context.input(i);
      int64_t length = input.shape[axis];
      if (input.count() > 0) {
        copy_view(context, input, sliced_view(context.output(0), axis, begin, length));
      }
      begin += length;
    }
  });
}

ViewSpec concat_part(const KernelRequest& request, int i) {
  int axis = normalize_axis(read_axis(request.node()), request.input(i).rank());
  int64_t begin = 0;
  for (int before = 0; before < i; ++before) begin += request.input(before).shape[axis];
  const Strides& strides = request.output(0).strides;
  return {request.input(i).shape, strides, begin * strides[axis]};
}

}  // namespace

void register_concat(Registry& registry) {
  OpDef& definition = registry.add("Concat");
  definition.kernel("copy", make_concat)
      .kernel("copy", copies_on_gpu(make_concat), DeviceKind::kCuda);
  definition.infer = infer_concat;
  definition.part = concat_part;
  definition.folds_operands = true;
  definition.batching = {batch_concat};
}

}  // namespace convoy
