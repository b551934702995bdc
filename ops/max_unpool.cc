// MaxUnpool: puts the maxima of a MaxPool back where they came from, zeros elsewhere. Opsets 9 to
// 28.
#include <cstring>

#include "ops/conv/window.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

// The size that MaxPool's input had by the attributes alone; indices refer to it.
Shape pooled_shape(const Node& node, const Shape& x) {
  AttributeReader attributes(node);
  WindowAttributes window = read_window(attributes);
  attributes.finish();
  check_model(!window.kernel_shape.empty(), "the attribute 'kernel_shape' is missing");
  check_input(x.rank() >= 2, "a tensor of shape {} has no channels", to_string(x));
  int rank = x.rank() - 2;
  check_model(static_cast<int>(window.kernel_shape.size()) == rank,
              "kernel_shape has {} entries for {} spatial axes", window.kernel_shape.size(), rank);
  Shape shape{x[0], x[1]};
  for (int axis = 0; axis < rank; ++axis) {
    int64_t kernel = window.kernel_shape[static_cast<size_t>(axis)];
    AxisWindow along = axis_window(window, axis, rank, kernel);
    int64_t begins = checked_multiply(x[axis + 2] - 1, along.stride);
    int64_t size = checked_add(begins, kernel - along.pad_begin - along.pad_end);
    shape.push_back(std::max<int64_t>(size, 0));
  }
  return shape;
}

void infer(InferRequest& request) {
  const TensorDesc& x = request.inputs[0];
  if (!request.has_input(2)) {
    return request.set_output(0, x.dtype, pooled_shape(request.node, x.shape));
  }
  const Tensor* wanted = request.constant(2);
  if (wanted == nullptr) return;
  std::vector<int64_t> sizes = to_int64s(*wanted);
  for (int64_t size : sizes) check_input(size >= 0, "output_shape has a size of {}", size);
  request.set_output(0, x.dtype, Shape(std::span<const int64_t>(sizes)));
}

// Position in a tensor of shape `from` as an offset in one of shape `to`; throws if it is outside.
int64_t translate(int64_t index, const Shape& from, const Shape& to, const Strides& to_strides) {
  check_input(index >= 0, "index {} lies outside of {}", index, to_string(from));
  int64_t offset = 0;
  int64_t rest = index;
  for (int axis = from.rank() - 1; axis >= 0; --axis) {
    int64_t at = from[axis] == 0 ? 0 : rest % from[axis];
    rest = from[axis] == 0 ? 1 : rest / from[axis];
    check_input(at < to[axis], "index {} lies outside of the output {}", index, to_string(to));
    offset += at * to_strides[axis];
  }
  check_input(rest == 0, "index {} lies outside of {}", index, to_string(from));
  return offset;
}

std::unique_ptr<Kernel> make_max_unpool(KernelRequest& request) {
  Shape pooled = pooled_shape(request.node(), request.input(0).shape);
  Shape output = request.output(0).shape;
  if (!request.has_input(2)) request.check_output(0, pooled);
  check_input(request.input(1).dtype == DType::kInt64, "I is of type {}",
              to_string(request.input(1).dtype));
  check_input(output.rank() == pooled.rank(), "the output {} does not fit X of shape {}",
              to_string(output), to_string(request.input(0).shape));
  check_input(request.input(1).shape == request.input(0).shape, "I of shape {} is not like X",
              to_string(request.input(1).shape));
  return visit_floating(request.input(0).dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return make_kernel([pooled, output](KernelContext& context) {
      const T* x = context.input(0).as<const T>();
      const auto* indices = context.input(1).as<const int64_t>();
      T* y = context.output(0).as<T>();
      std::memset(static_cast<void*>(y), 0, static_cast<size_t>(context.output(0).bytes()));
      Strides strides = contiguous_strides(output);
      int64_t count = context.input(0).count();
      for (int64_t i = 0; i < count; ++i) y[translate(indices[i], pooled, output, strides)] = x[i];
    });
  });
}

}  // namespace

void register_max_unpool(Registry& registry) {
  OpDef& definition = registry.add("MaxUnpool");
  definition.infer = infer;
  definition.kernel("reference", make_max_unpool);
}

}  // namespace convoy
