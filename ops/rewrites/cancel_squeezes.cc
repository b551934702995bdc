// Unsqueeze after Squeeze.
#include "ops/rewrites/rules.h"
#include "ops/rewrites/squeeze_axes.h"

namespace convoy {
namespace {

// Unsqueeze of a Squeeze on the same axis: any sizes.
Rule cancel_squeeze() {
  Pattern squeeze = op("Squeeze", {any("x")}).rest().named("squeeze").shared();
  return {
      "cancel_squeeze", RuleSet::kPortable, op("Unsqueeze", {squeeze}).rest(),
      [](const Match& match) -> Refusal {
        auto removed = squeeze_axes(match.graph(), match.node("squeeze"));
        auto inserted = squeeze_axes(match.graph(), match.root());
        if (!removed || !inserted) return "the axes or the rank are not known";
        return *removed == *inserted ? Refusal() : "the axes differ";
      },
      [](const Match& match, GraphBuilder&) -> std::vector<ValueId> { return {match.value("x")}; }};
}

}  // namespace

std::vector<RewriteStep> cancel_squeezes() { return {cancel_squeeze()}; }

}  // namespace convoy
