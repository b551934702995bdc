// A layer of a random graph of sibling branches.
#pragma once

#include <string>
#include <vector>

#include "tests/fuzz/graph_writer.h"

namespace convoy::testing {

inline constexpr int64_t kLargestValue = 6000;  // elements

// Slices of the sources, which have one shape, a chain of operators on each, and a join, which is
// the result. Adds to `text` what it is made of.
SizedValue write_branch_layer(GraphWriter& writer, const std::vector<SizedValue>& sources,
                              std::string& text);

}  // namespace convoy::testing
