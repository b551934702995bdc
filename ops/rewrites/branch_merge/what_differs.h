// Why branches that come together do not all merge, in words.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "runtime/op/registry.h"

namespace convoy {

// What sets some of the branches that end in these values apart from the others, seen from their
// ends: "branch 3 of 10 has kernel 5, the others 3". Branches are counted from 1; at most 256 are
// looked at. nullopt where no difference is found on the way up along first operands.
std::optional<std::string> what_differs(const Graph& graph, const Registry& registry,
                                        std::span<const ValueId> ends);

// The first operand of a node that is no constant; kNone if there is none.
ValueId leading_operand(const Graph& graph, const Node& node);

}  // namespace convoy
