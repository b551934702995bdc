// Copies a body's nodes into the graph that uses it.
#pragma once

#include <span>
#include <vector>

#include "runtime/graph/graph.h"

namespace convoy {

// Adds copies of all nodes and constants of `body` to `into`, reading `inputs` (kNone: left out)
// where the body reads its inputs. Captures of the body must be values of `into`. Returns the
// values that correspond to the body's outputs; names are made unique, with `prefix` before them.
std::vector<ValueId> inline_graph(Graph& into, const Graph& body, std::span<const ValueId> inputs,
                                  std::string_view prefix);

}  // namespace convoy
