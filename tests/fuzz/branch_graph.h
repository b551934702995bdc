// Random graphs of sibling branches: slices of a tensor, a chain of operators on each, a join; and
// graphs that only look like that.
#pragma once

#include <memory>

#include "tests/fuzz/graph_writer.h"

namespace convoy::testing {

struct BranchGraph {
  std::unique_ptr<GraphWriter> writer;  // the model and what to feed
  std::string text;                     // what it is made of, for messages
};

// Always the same for a seed.
BranchGraph make_branch_graph(uint64_t seed);

}  // namespace convoy::testing
