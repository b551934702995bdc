// Transpose, opset 1 and up: reorders the axes; output axis i is input axis perm[i].
// Any element type. A view wherever the reader takes strides.
#include "ops/batching/rules.h"
#include "ops/views/define_by_view.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

Viewer read_transpose(const KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  std::vector<int64_t> permutation = attributes.integers("perm");
  bool reversed = !attributes.has("perm");
  attributes.finish();
  return [=](const TensorDesc& input, int) -> std::optional<ViewSpec> {
    int rank = input.rank();
    check_model(reversed || static_cast<int>(permutation.size()) == rank,
                "perm has {} entries for an input of rank {}", permutation.size(), rank);
    ViewSpec spec{Shape::filled(rank, 0), Strides::filled(rank, 0), 0};
    unsigned seen = 0;
    for (int i = 0; i < rank; ++i) {
      int axis =
          reversed ? rank - 1 - i : normalize_axis(permutation[static_cast<size_t>(i)], rank);
      check_model((seen >> axis & 1u) == 0, "perm names axis {} twice", axis);
      seen |= 1u << axis;
      spec.shape[i] = input.shape[axis];
      spec.strides[i] = input.strides[axis];
    }
    return spec;
  };
}

}  // namespace

void register_transpose(Registry& registry) {
  define_by_view(registry.add("Transpose").batched({batch_transpose}), read_transpose);
}

}  // namespace convoy
