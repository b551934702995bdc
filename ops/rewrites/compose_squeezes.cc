// Unsqueeze of Unsqueeze and Squeeze of Squeeze become one, whatever the sizes are.
#include <algorithm>

#include "ops/rewrites/rules.h"
#include "ops/rewrites/squeeze_axes.h"

namespace convoy {
namespace {

using List = std::vector<int64_t>;

// Axes `inserted` of a value of which axes `later` were inserted afterwards, as axes of the last.
List joined(const List& inserted, const List& later, int rank) {
  List all = later;
  int64_t before = 0;
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (std::find(later.begin(), later.end(), axis) != later.end()) continue;
    if (std::find(inserted.begin(), inserted.end(), before++) != inserted.end()) {
      all.push_back(axis);
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

// Of the value with all of the axes: Squeeze takes them away in the other order.
std::optional<List> composed(const Match& match) {
  auto inner = squeeze_axes(match.graph(), match.node("inner"));
  auto outer = squeeze_axes(match.graph(), match.root());
  if (!inner || !outer) return std::nullopt;
  if (match.root().is("Unsqueeze")) {
    return joined(*inner, *outer, match.output_type().rank());
  }
  return joined(*outer, *inner, match.type("x").rank());
}

Rule compose(const char* name, const char* type) {
  return {name, RuleSet::kPortable,
          op(type, {op(type, {any("x")}).rest().named("inner").shared()}).rest(),
          [](const Match& match) -> Refusal {
            return composed(match) ? Refusal() : "the axes or the rank are not known";
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            ValueId x = match.value("x");
            return {match.root().is("Squeeze") ? builder.squeeze(x, *composed(match))
                                               : builder.unsqueeze(x, *composed(match))};
          }};
}

}  // namespace

std::vector<RewriteStep> compose_squeezes() {
  return {compose("compose_unsqueezes", "Unsqueeze"), compose("compose_squeezes", "Squeeze")};
}

}  // namespace convoy
