// Reshape whose sizes are put together at run time from sizes of tensors: all but one of them known
// means that the element count decides the last one. The arithmetic then falls away.
#include <algorithm>

#include "ops/rewrites/rules.h"
#include "runtime/graph/fold_axes.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

using List = std::vector<int64_t>;

// Is `size` element number `position` of the shape of x, as Gather or Slice takes it?
bool is_own_size(const Graph& graph, ValueId size, ValueId x, int64_t position) {
  NodeId id = graph.value(size).producer;
  if (id != NodeId::kNone && graph.node(id).is("Unsqueeze")) {
    id = graph.value(graph.node(id).inputs[0]).producer;
  }
  if (id == NodeId::kNone || !graph.node(id).is("Gather")) return false;
  const Node& gather = graph.node(id);
  auto index = graph.constant_int64s(gather.input(1));
  NodeId source = graph.value(gather.inputs[0]).producer;
  if (!index || index->size() != 1 || source == NodeId::kNone) return false;
  const Node& shape = graph.node(source);
  bool whole =
      shape.is("Shape") && integer_of(shape, "start", 0) == 0 && !shape.attributes.contains("end");
  return whole && shape.inputs[0] == x && (*index)[0] == position;
}

// One size that a Reshape is given.
struct GivenSize {
  int64_t known = -1;  // where it is a constant, which may be 0 or -1 as well
  bool constant = false;
  ValueId value = ValueId::kNone;  // of one element, where it is computed
};

std::optional<std::vector<GivenSize>> given_sizes(const Match& match) {
  const Graph& graph = match.graph();
  std::vector<GivenSize> sizes;
  for (ValueId part : match.node("concat").inputs) {
    if (auto known = graph.constant_int64s(part)) {
      for (int64_t size : *known) sizes.push_back({size, true, ValueId::kNone});
      continue;
    }
    auto shape = graph.value(part).type.static_shape();
    if (!shape || shape->rank() != 1 || (*shape)[0] != 1) return std::nullopt;
    sizes.push_back({-1, false, part});
  }
  return sizes;
}

// The sizes as constants: 0 for those that x has in the same place, -1 for one that is left; not
// one that is computed beside one that is copied: that may be 0, and the element count then decides
// nothing.
std::optional<List> constant_sizes(const Match& match) {
  auto given = given_sizes(match);
  if (!given) return std::nullopt;
  List sizes;
  int inferred = 0;
  int computed = 0;
  int copied = 0;
  for (const GivenSize& size : *given) {
    auto position = static_cast<int64_t>(sizes.size());
    if (size.constant) {
      if (size.known == 0) return std::nullopt;
      inferred += size.known == -1 ? 1 : 0;
      sizes.push_back(size.known);
    } else if (is_own_size(match.graph(), size.value, match.value("x"), position)) {
      ++copied;
      sizes.push_back(0);
    } else {
      ++computed;
      sizes.push_back(-1);
    }
  }
  if (inferred + computed > 1 || (computed > 0 && copied > 0)) return std::nullopt;
  return sizes;
}

// A Reshape that makes two axes of one, or one of two, and leaves the others as they are.
struct AxisChange {
  int axis = 0;
  int64_t outer = 0;  // of the two that `axis` becomes; 0 where it and the next become one
  int64_t inner = 0;
};

// a · b; -1 where one is not known, or that is more than an int64_t holds.
int64_t product(int64_t a, int64_t b) {
  int64_t result = -1;
  bool wraps = __builtin_mul_overflow(a, b, &result);
  return a < 0 || b < 0 || wraps ? -1 : result;
}

std::optional<AxisChange> axis_change(const Match& match) {
  auto given = given_sizes(match);
  const ValueType& x = match.type("x");
  if (!given || !x.is_tensor() || !x.shape) return std::nullopt;
  const std::vector<Dimension>& dims = *x.shape;
  bool splits = given->size() == dims.size() + 1;
  if (!splits && given->size() + 1 != dims.size()) return std::nullopt;
  // Is size number `i` the one that x has at `position`?
  auto is_own = [&](size_t i, size_t position) {
    const GivenSize& size = (*given)[i];
    if (size.constant) return size.known > 0 && size.known == dims[position].size;
    return is_own_size(match.graph(), size.value, match.value("x"), static_cast<int64_t>(position));
  };
  size_t shorter = std::min(given->size(), dims.size());
  size_t axis = 0;
  while (axis + 1 < shorter && is_own(axis, axis)) ++axis;
  for (size_t i = axis + 1; i < shorter; ++i) {
    if (!(splits ? is_own(i + 1, i) : is_own(i, i + 1))) return std::nullopt;
  }
  AxisChange change{static_cast<int>(axis), 0, 0};
  const GivenSize& first = (*given)[axis];
  if (!splits) {
    int64_t folded = product(dims[axis].size, dims[axis + 1].size);
    if (!first.constant || first.known <= 0 || first.known != folded) return std::nullopt;
    return change;
  }
  const GivenSize& second = (*given)[axis + 1];
  if (!first.constant || !second.constant || first.known <= 0 || second.known <= 0 ||
      product(first.known, second.known) != dims[axis].size) {
    return std::nullopt;
  }
  change.outer = first.known;
  change.inner = second.known;
  return change;
}

}  // namespace

std::vector<RewriteStep> simplify_reshapes() {
  Pattern sizes = op("Concat", {}).rest().named("concat").shared();
  Rule rule{"simplify_reshape", RuleSet::kPortable, op("Reshape", {any("x"), sizes}),
            [](const Match& match) -> Refusal {
              if (integer_of(match.root(), "allowzero", 0) != 0) return "allowzero is set";
              if (constant_sizes(match) || axis_change(match)) return std::nullopt;
              return "more than one size is decided at run time";
            },
            [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
              ValueId x = match.value("x");
              if (auto sizes = constant_sizes(match)) {
                return {builder.reshape(x, *sizes, match.output_type())};
              }
              AxisChange change = *axis_change(match);
              if (change.outer == 0) return {fold_axes(builder, x, change.axis)};
              return {split_axis(builder, x, change.axis, {change.outer, ""}, {change.inner, ""})};
            }};
  return {rule};
}

}  // namespace convoy
