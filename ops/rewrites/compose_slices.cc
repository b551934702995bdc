// Slice of a Slice on the same axes, both with constant bounds and step 1, becomes one Slice. (On
// other axes both stay: a slice of one axis is what branches are recognized by.)
#include <algorithm>
#include <map>

#include "ops/rewrites/rules.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

struct Range {
  int64_t start = 0;
  int64_t end = 0;
};

// By axis, as positions in the sliced value; nullopt where bounds need an unknown size, or a step
// is not 1.
std::optional<std::map<int64_t, Range>> ranges_of(const Graph& graph, const Node& node) {
  auto starts = integers_of(graph, node, "starts", 1);
  auto ends = integers_of(graph, node, "ends", 2);
  auto axes = integers_of(graph, node, "axes", 3);
  const ValueType& type = graph.value(node.inputs[0]).type;
  if (!starts || !ends || !type.shape || starts->size() != ends->size()) return std::nullopt;
  if (!axes) {
    if (node.has_input(3)) return std::nullopt;
    axes.emplace();
    for (size_t i = 0; i < starts->size(); ++i) axes->push_back(static_cast<int64_t>(i));
  }
  axes = normalized(*axes, type.rank());
  if (!axes || axes->size() != starts->size()) return std::nullopt;
  if (node.has_input(4)) {
    auto steps = graph.constant_int64s(node.input(4));
    bool forward =
        steps && std::all_of(steps->begin(), steps->end(), [](int64_t step) { return step == 1; });
    if (!forward) return std::nullopt;
  }
  std::map<int64_t, Range> ranges;
  for (size_t i = 0; i < starts->size(); ++i) {
    const Dimension& dim = (*type.shape)[static_cast<size_t>((*axes)[i])];
    if (!dim.known() || ranges.contains((*axes)[i])) return std::nullopt;
    auto clamp = [&](int64_t at) {
      return std::clamp<int64_t>(at < 0 ? at + dim.size : at, 0, dim.size);
    };
    ranges[(*axes)[i]] = {clamp((*starts)[i]), clamp((*ends)[i])};
  }
  return ranges;
}

std::optional<std::map<int64_t, Range>> composed(const Match& match) {
  auto inner = ranges_of(match.graph(), match.node("inner"));
  auto outer = ranges_of(match.graph(), match.root());
  if (!inner || !outer) return std::nullopt;
  if (inner->size() != outer->size()) return std::nullopt;
  for (auto& [axis, range] : *inner) {
    auto further = outer->find(axis);
    if (further == outer->end()) return std::nullopt;
    int64_t start = range.start + further->second.start;
    range = {start, std::max(start, range.start + further->second.end)};
  }
  return inner;
}

}  // namespace

std::vector<RewriteStep> compose_slices() {
  Rule rule{"compose_slices", RuleSet::kPortable,
            op("Slice", {op("Slice", {any("x")}).rest().named("inner").shared()}).rest(),
            [](const Match& match) -> Refusal {
              if (match.root().version < 10) return "the bounds are attributes";
              return composed(match) ? Refusal() : "the axes, a bound or a step do not allow it";
            },
            [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
              std::vector<int64_t> starts, ends, axes;
              std::map<int64_t, Range> ranges = *composed(match);
              for (const auto& [axis, range] : ranges) {
                axes.push_back(axis);
                starts.push_back(range.start);
                ends.push_back(range.end);
              }
              return {builder.node("Slice",
                                   {match.value("x"), builder.int64s(starts, "starts"),
                                    builder.int64s(ends, "ends"), builder.int64s(axes, "axes")},
                                   {}, match.output_type(), "", match.root().version)};
            }};
  return {rule};
}

}  // namespace convoy
