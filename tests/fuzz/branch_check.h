// Does a random graph compute the same after optimization?
#pragma once

#include <string>

#include "tests/fuzz/branch_graph.h"

namespace convoy::testing {

struct BranchVerdict {
  bool merged = false;  // did a rewrite merge branches?
  std::string problem;  // empty if all agree
  std::string text;     // of the graph
};

// Runs graph number `number` of `seed` as it is, optimized for a random target (written, checked
// and read again), and in a session that optimizes; outputs must agree within 1e-4 · max|output|,
// in graphs of float16 within 2e-2.
BranchVerdict check_branch_graph(uint64_t seed, int64_t number);

// Whether a session of the graph gives the same on the device as on the CPU (device_check.h).
BranchVerdict check_branch_graph_on(Device& device, uint64_t seed, int64_t number);

// The same as check_branch_graph for a model in a file, fed with random numbers.
BranchVerdict check_branch_file(const std::string& path);

// The model itself, for a look at it.
Model branch_model(uint64_t seed, int64_t number);

}  // namespace convoy::testing
