// Reshape whose sizes are put together at run time from sizes of tensors: all but one of them known
// means that the element count decides the last one. The arithmetic then falls away.
#include "ops/rewrites/rules.h"
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

// The sizes as constants: 0 for those that x has in the same place, -1 for one that is left.
std::optional<List> constant_sizes(const Match& match) {
  const Graph& graph = match.graph();
  List sizes;
  int inferred = 0;
  for (ValueId part : match.node("concat").inputs) {
    if (auto known = graph.constant_int64s(part)) {
      for (int64_t size : *known) {
        if (size == 0) return std::nullopt;
        inferred += size == -1 ? 1 : 0;
        sizes.push_back(size);
      }
      continue;
    }
    auto shape = graph.value(part).type.static_shape();
    if (!shape || shape->rank() != 1 || (*shape)[0] != 1) return std::nullopt;
    auto position = static_cast<int64_t>(sizes.size());
    if (is_own_size(graph, part, match.value("x"), position)) {
      sizes.push_back(0);
    } else {
      sizes.push_back(-1);
      ++inferred;
    }
  }
  return inferred <= 1 ? std::optional(sizes) : std::nullopt;
}

}  // namespace

std::vector<RewriteStep> simplify_reshapes() {
  Pattern sizes = op("Concat", {}).rest().named("concat").shared();
  Rule rule{
      "simplify_reshape", RuleSet::kPortable, op("Reshape", {any("x"), sizes}),
      [](const Match& match) -> Refusal {
        if (integer_of(match.root(), "allowzero", 0) != 0) return "allowzero is set";
        return constant_sizes(match) ? Refusal() : "more than one size is computed";
      },
      [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
        return {builder.reshape(match.value("x"), *constant_sizes(match), match.output_type())};
      }};
  return {rule};
}

}  // namespace convoy
