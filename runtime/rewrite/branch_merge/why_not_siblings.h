// Why branches that meet in a Concat are not merged, seen from their sibling sets.
#pragma once

#include <optional>
#include <string>

#include "runtime/rewrite/branch_merge/joins.h"

namespace convoy {

// Why the operands of a Concat are no siblings, or siblings that cannot be stacked; nullopt when
// they are no branches at all.
std::optional<std::string> why_not_siblings(const Graph& graph, const Registry& registry,
                                            const Siblings& siblings, const Node& concat,
                                            const IsMergeable& mergeable);

}  // namespace convoy
