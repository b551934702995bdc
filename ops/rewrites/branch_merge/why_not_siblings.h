// Why branches that meet in a Concat or sum are not merged, seen from their sibling sets.
#pragma once

#include <optional>
#include <string>

#include "ops/rewrites/branch_merge/joins.h"

namespace convoy {

// Why branches with these ends are no siblings, or siblings that cannot be stacked; nullopt when
// they are no branches at all.
std::optional<std::string> why_not_siblings(const Graph& graph, const Registry& registry,
                                            const Siblings& siblings,
                                            const std::vector<ValueId>& ends,
                                            const IsMergeable& mergeable);

}  // namespace convoy
