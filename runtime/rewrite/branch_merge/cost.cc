#include "runtime/rewrite/branch_merge/cost.h"

#include <algorithm>

namespace convoy {

MergeCost MergeCost::of(RewriteTarget target) {
  if (target == RewriteTarget::kConvoy) return {2.0, 0.05, 5e-5, 1e-5};
  return {3.0, 1.0, 1e-4, 1e-4};
}

double estimated_bytes(const ValueType& type) {
  if (!type.is_tensor() || !type.shape) return 0;
  double bytes = static_cast<double>(std::max<size_t>(size_of(type.dtype), 1));
  for (const Dimension& dim : *type.shape) bytes *= dim.known() ? static_cast<double>(dim.size) : 1;
  return bytes;
}

double MergeCost::pass(const ValueType& member, int count) const {
  return node + 2 * bytes * estimated_bytes(member) * count;
}

double MergeCost::change(const ValueType& member, int count, const LayoutChange& change) const {
  double moved = 2 * transposed_bytes * estimated_bytes(member) * count;
  return change.reshapes * view + change.transposes * (node + moved);
}

}  // namespace convoy
