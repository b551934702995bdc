#include "ops/elementwise/legacy_broadcast.h"

namespace convoy::elementwise {

int read_legacy_broadcast(const KernelRequest& request, AttributeReader& attributes) {
  if (request.node().version >= 7) return 0;
  attributes.ignore("consumed_inputs");
  bool broadcast = attributes.integer("broadcast", 0) != 0;
  bool has_axis = attributes.has("axis");
  int64_t axis = attributes.integer("axis", 0);
  if (!broadcast || !has_axis) return 0;
  check_model(request.has_input(0) && request.has_input(1), "two inputs are needed");
  int rank = request.input(0).rank();
  int trailing = rank - normalize_axis(axis, rank) - request.input(1).rank();
  check_model(trailing >= 0, "broadcasting from axis {} leaves no room for {} in {}", axis,
              to_string(request.input(1)), to_string(request.input(0)));
  return trailing;
}

TensorDesc with_trailing_axes(const TensorDesc& desc, int count) {
  TensorDesc result = desc;
  for (int i = 0; i < count; ++i) {
    result.shape.push_back(1);
    result.strides.push_back(0);
  }
  return result;
}

}  // namespace convoy::elementwise
