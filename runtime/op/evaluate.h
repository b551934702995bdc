// Runs one node at once on values that are at hand: constant folding, and steps whose shapes depend
// on data.
#pragma once

#include <functional>
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
  std::function<BodyRunner&(const Node&, std::string_view attribute)> body = {};
};

// Outputs in the node's order (undefined where left out). Inputs: undefined where left out.
// lasting[i] tells whether input i is the same in every run (weights then go to the cache); missing
// entries mean no. Outputs may share memory with inputs. Throws Error with the node's context.
std::vector<Value> evaluate_node(const Graph& graph, const Node& node,
                                 std::span<const Value> inputs, const std::vector<bool>& lasting,
                                 const EvaluateEnvironment& environment);

// Concrete output types of a node: the operator's own inference, or ONNX's.
std::vector<TensorDesc> infer_node(const OpDef& definition, const Node& node,
                                   const std::vector<TensorDesc>& inputs,
                                   const std::vector<const Tensor*>& constants);

// Is a tensor small enough that its value is looked at when kernels are chosen?
bool is_small_operand(const TensorDesc& desc);

}  // namespace convoy
