// Reshape and Flatten, opset 1 and up: the same elements in row-major order under another shape.
// Reshape's shape is an attribute up to opset 4. Any element type; a view where strides allow.
#include "ops/batching/rules.h"
#include "ops/kernels/copy/copy.h"
#include "ops/views/copy_view.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

// 0 copies the input's size unless `allow_zero`; one -1 stands for what is left.
Shape resolve_shape(const Shape& input, const std::vector<int64_t>& wanted, bool allow_zero) {
  Shape shape{std::span<const int64_t>(wanted)};
  int open = -1;
  int64_t known = 1;
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] == 0 && !allow_zero) {
      check_input(i < input.rank(), "size 0 at {} has no input axis to copy from", i);
      shape[i] = input[i];
    }
    check_input(shape[i] >= -1, "size {} in the new shape", shape[i]);
    check_input(shape[i] != -1 || open < 0, "two sizes of -1 in the new shape");
    if (shape[i] == -1) {
      open = i;
    } else {
      known = checked_multiply(known, shape[i]);
    }
  }
  int64_t count = element_count(input);
  if (open >= 0) {
    check_input(known != 0 ? count % known == 0 : false,
                "cannot reshape {} to {}: what -1 stands for is undefined", to_string(input),
                to_string(shape));
    shape[open] = count / known;
  }
  check_input(element_count(shape) == count, "cannot reshape {} to {}", to_string(input),
              to_string(shape));
  return shape;
}

// Strides that read a tensor under another shape of equal element count; nullopt if only a copy
// can. Each group of output axes must lie within input axes that step evenly.
std::optional<Strides> reshaped_strides(const Shape& from, const Strides& strides,
                                        const Shape& to) {
  if (element_count(from) == 0) return contiguous_strides(to);
  Strides result = Strides::filled(to.rank(), 1);
  int i = 0;
  int j = 0;
  while (i < from.rank() && j < to.rank()) {
    int i_end = i + 1;
    int j_end = j + 1;
    int64_t in = from[i];
    int64_t out = to[j];
    while (in != out) {
      if (in < out) {
        in *= from[i_end++];
      } else {
        out *= to[j_end++];
      }
    }
    int last = -1;
    for (int k = i; k < i_end; ++k) {
      if (from[k] == 1) continue;
      if (last >= 0 && strides[last] != strides[k] * from[k]) return std::nullopt;
      last = k;
    }
    int64_t step = last >= 0 ? strides[last] : 1;
    for (int k = j_end - 1; k >= j; --k) {
      result[k] = step;
      step *= to[k];
    }
    i = i_end;
    j = j_end;
  }
  return result;
}

Shape flattened(const Shape& input, int64_t axis) {
  int rank = input.rank();
  int split = axis == rank ? rank : normalize_axis(axis, rank + (axis >= 0 ? 1 : 0));
  Shape shape{1, 1};
  for (int i = 0; i < rank; ++i) shape[i < split ? 0 : 1] *= input[i];
  return shape;
}

// The new shape; nullopt when it is an input that is not known.
std::optional<Shape> new_shape(const Node& node, const Shape& input, const Tensor* operand) {
  AttributeReader attributes(node);
  if (node.op_type == "Flatten") {
    int64_t axis = attributes.integer("axis", 1);
    attributes.finish();
    return flattened(input, axis);
  }
  if (node.version < 5) {
    std::vector<int64_t> wanted = attributes.integers("shape");
    attributes.ignore("consumed_inputs");
    attributes.finish();
    return resolve_shape(input, wanted, false);
  }
  bool allow_zero = attributes.integer("allowzero", 0) != 0;
  attributes.finish();
  if (operand == nullptr) return std::nullopt;
  return resolve_shape(input, to_int64s(*operand), allow_zero);
}

void infer_reshape(InferRequest& request) {
  const TensorDesc& input = request.inputs[0];
  auto shape = new_shape(request.node, input.shape, request.constant(1));
  if (shape) request.set_output(0, input.dtype, *shape);
}

std::optional<ViewSpec> view_reshape(const KernelRequest& request, int) {
  const TensorDesc& input = request.input(0);
  if (!input.layout.plain()) return std::nullopt;
  const Shape& shape = request.output(0).shape;
  auto strides = reshaped_strides(input.shape, input.strides, shape);
  if (!strides) return std::nullopt;
  return ViewSpec{shape, *strides, 0};
}

std::unique_ptr<Kernel> make_reshape(KernelRequest& request) {
  request.accept_strides(0);
  return make_kernel([](KernelContext& context) {
    const TensorView& input = context.input(0);
    TensorView target =
        moved_view(context.output(0), input.shape, contiguous_strides(input.shape), 0);
    copy_view(context, input, target);
  });
}

}  // namespace

void register_reshape(Registry& registry) {
  for (const char* name : {"Reshape", "Flatten"}) {
    OpDef& definition = registry.add(name);
    definition.kernel("copy", make_reshape)
        .kernel("copy", copies_on_gpu(make_reshape), DeviceKind::kCuda);
    definition.infer = infer_reshape;
    definition.view = view_reshape;
    definition.reshapes = true;
    definition.batching = {batch_reshape};
  }
}

}  // namespace convoy
