// Squeeze and Unsqueeze, opset 1 and up: drop or add axes of length 1.
// axes: an attribute up to opset 12, an input from 13 on. Any element type; always views.
#include "ops/kernels/copy/copy.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

// The axes; nullopt when they are an input that is not known. Empty and not `given`: left out.
struct Axes {
  bool known = true;
  bool given = false;
  std::vector<int64_t> list;
};

Axes read_axes(const KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  Axes axes;
  if (request.node().version < 13) {
    axes.given = attributes.has("axes");
    axes.list = attributes.integers("axes");
  } else if (request.has_input(1)) {
    auto values = request.constant_int64s(1);
    axes.known = values.has_value();
    axes.given = true;
    if (values) axes.list = *values;
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

Viewer read_squeeze(const KernelRequest& request) {
  Axes axes = read_axes(request);
  if (!axes.known) return {};
  return [axes](const TensorDesc& input, int) -> std::optional<ViewSpec> {
    unsigned dropped = axis_set(axes.list, input.rank());
    ViewSpec spec;
    for (int i = 0; i < input.rank(); ++i) {
      bool drop = axes.given ? (dropped >> i & 1u) != 0 : input.shape[i] == 1;
      check_input(!drop || input.shape[i] == 1, "cannot squeeze axis {} of length {}", i,
                  input.shape[i]);
      if (drop) continue;
      spec.shape.push_back(input.shape[i]);
      spec.strides.push_back(input.strides[i]);
    }
    return spec;
  };
}

Viewer read_unsqueeze(const KernelRequest& request) {
  Axes axes = read_axes(request);
  if (!axes.known) return {};
  check_model(axes.given, "axes are missing");
  return [axes](const TensorDesc& input, int) -> std::optional<ViewSpec> {
    int rank = input.rank() + static_cast<int>(axes.list.size());
    check_supported(rank <= kMaxRank, "rank {} exceeds the supported {}", rank, kMaxRank);
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
  };
}

}  // namespace

void register_squeeze(Registry& registry) {
  define_by_view(registry.add("Squeeze"), read_squeeze);
  define_by_view(registry.add("Unsqueeze"), read_unsqueeze);
}

}  // namespace convoy
