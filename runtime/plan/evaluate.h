// Runs one node at once on values that are at hand: constant folding, and steps whose shapes depend
// on data.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "runtime/op/registry.h"

namespace convoy {

// Where the pieces come from that a kernel may ask for during evaluation.
struct EvaluateEnvironment {
  const Registry& registry;
  ThreadPool& threads;
  WeightCache* weights = nullptr;
  // The runner of a body; may be empty where nodes with bodies do not occur.
  std::function<BodyRunner&(const Node&, std::string_view attribute)> body;
};

// Outputs in the node's order (undefined where left out). Inputs: undefined where left out.
// constants[i] tells whether input i is the same in every run. Throws Error with the node's context.
std::vector<Value> evaluate_node(const Graph& graph, const Node& node,
                                 std::span<const Value> inputs,
                                 const std::vector<bool>& constants,
                                 const EvaluateEnvironment& environment);

}  // namespace convoy
