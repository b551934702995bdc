// Sibling branches that end in one Concat become one branch over a stacked value.
#pragma once

#include "runtime/rewrite/driver.h"

namespace convoy {

// Merges every group of branches for which that pays, by the batching rules of the operators.
void merge_sibling_branches(GraphEditor& editor);

}  // namespace convoy
