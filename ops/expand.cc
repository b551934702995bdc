// Expand, opset 8 and up: broadcasts the input to the shape given by input 1, both ways.
// Any element type. A view with strides of 0.
#include "ops/kernels/copy/copy.h"
#include "ops/views/copy_view.h"
#include "ops/views/define_by_view.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

Viewer read_expand(const KernelRequest& request) {
  request.attributes().finish();
  auto wanted = request.constant_int64s(1);
  if (!wanted) return {};
  Shape shape{std::span<const int64_t>(*wanted)};
  return [shape](const TensorDesc& input, int) -> std::optional<ViewSpec> {
    Shape target = broadcast_shapes(input.shape, shape);
    return ViewSpec{target, broadcast_strides(input.shape, input.strides, target), 0};
  };
}

// Where sizes of the input other than 1 tell the output's, whatever input 1 is to hold.
std::unique_ptr<Kernel> make_checked(KernelRequest& request) {
  request.attributes().finish();
  request.accept_strides(0);
  request.accept_output_strides(0);
  return make_kernel([](KernelContext& context) {
    const TensorView &input = context.input(0), &output = context.output(0);
    const TensorView& wanted = context.input(1);
    const std::span sizes(wanted.as<const int64_t>(), static_cast<size_t>(wanted.count()));
    const Shape target = broadcast_shapes(input.shape, Shape(sizes));
    check_input(target == output.shape, "{} expands to {}, not {}", to_string(input.shape),
                to_string(target), to_string(output.shape));
    const Strides strides = broadcast_strides(input.shape, input.strides, target);
    copy_view(context, moved_view(input, target, strides, 0), output);
  });
}

}  // namespace

void register_expand(Registry& registry) {
  OpDef& definition = registry.add("Expand");
  define_by_view(definition, read_expand);
  definition.kernel("checked", make_checked);
}

}  // namespace convoy
