// Checks that a graph keeps its own rules; for tests, and after rewrites while debugging them.
#pragma once

#include "runtime/graph/graph.h"

namespace convoy {

// Throws kInternal naming the first rule that is broken: names are unique, every value has one
// definition, uses and captures are recorded on both sides, inputs and outputs are marked, bodies
// keep the rules too. Throws kInvalidModel for a cycle and for values that nothing defines.
void verify(const Graph& graph);

}  // namespace convoy
