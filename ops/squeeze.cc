// Squeeze and Unsqueeze, opset 1 and up: drop or add axes of length 1.
// axes: an attribute up to opset 12, an input from 13 on; Squeeze without axes, or with none in the
// list, drops every axis of length 1. Any element type; always views.
#include "ops/batching/rules.h"
#include "ops/views/define_by_view.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct Axes {
  bool known = true;  // or an input whose value is not
  bool given = false;
  std::vector<int64_t> list;
};

Axes read_axes(const Node& node, const Tensor* operand) {
  AttributeReader attributes(node);
  Axes axes;
  if (node.version < 13) {
    axes.given = attributes.has("axes");
    axes.list = attributes.integers("axes");
  } else if (node.has_input(1)) {
    axes.known = operand != nullptr;
    axes.given = true;
    if (operand) axes.list = to_int64s(*operand);
  }
  attributes.finish();
  return axes;
}

unsigned axis_set(const std::vector<int64_t>& axes, int rank) {
  unsigned set = 0;
  for (int64_t axis : axes) {
    unsigned bit = 1u << normalize_axis(axis, rank);
    check_model((set & bit) == 0, "axes name axis {} twice", axis);
    set |= bit;
  }
  return set;
}

ViewSpec squeezed(const Axes& axes, const TensorDesc& input) {
  unsigned dropped = axis_set(axes.list, input.rank());
  ViewSpec spec;
  for (int i = 0; i < input.rank(); ++i) {
    bool drop = axes.list.empty() ? input.shape[i] == 1 : (dropped >> i & 1u) != 0;
    check_input(!drop || input.shape[i] == 1, "cannot squeeze axis {} of length {}", i,
                input.shape[i]);
    if (drop) continue;
    spec.shape.push_back(input.shape[i]);
    spec.strides.push_back(input.strides[i]);
  }
  return spec;
}

ViewSpec unsqueezed(const Axes& axes, const TensorDesc& input) {
  check_model(axes.given, "axes are missing");
  check_supported(axes.list.size() <= static_cast<size_t>(kMaxRank - input.rank()),
                  "{} more axes exceed the supported rank of {}", axes.list.size(), kMaxRank);
  int rank = input.rank() + static_cast<int>(axes.list.size());
  unsigned added = axis_set(axes.list, rank);
  ViewSpec spec;
  int from = 0;
  for (int i = 0; i < rank; ++i) {
    bool add = (added >> i & 1u) != 0;
    spec.shape.push_back(add ? 1 : input.shape[from]);
    spec.strides.push_back(add ? 1 : input.strides[from]);
    if (!add) ++from;
  }
  return spec;
}

template <ViewSpec (*view)(const Axes&, const TensorDesc&)>
void define(OpDef& definition) {
  definition.reshapes = true;
  definition.infer = [](InferRequest& request) {
    Axes axes = read_axes(request.node, request.constant(1));
    const TensorDesc& x = request.inputs[0];
    if (axes.known) request.set_output(0, x.dtype, view(axes, x).shape);
  };
  define_by_view(definition, [](const KernelRequest& request) -> Viewer {
    Axes axes = read_axes(request.node(), request.constant(1));
    if (!axes.known) return {};
    return [axes](const TensorDesc& input, int) -> std::optional<ViewSpec> {
      return view(axes, input);
    };
  });
}

}  // namespace

void register_squeeze(Registry& registry) {
  define<squeezed>(registry.add("Squeeze").batched({batch_squeeze}));
  define<unsqueezed>(registry.add("Unsqueeze").batched({batch_unsqueeze}));
}

}  // namespace convoy
