// Expand, opset 8 and up: broadcasts the input to the shape given by input 1, both ways.
// Any element type. A view with strides of 0.
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

}  // namespace

void register_expand(Registry& registry) { define_by_view(registry.add("Expand"), read_expand); }

}  // namespace convoy
