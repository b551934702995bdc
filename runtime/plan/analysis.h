// First pass of planning: what is known of every value before anything runs.
#pragma once

#include <vector>

#include "runtime/plan/plan.h"

namespace convoy {

struct ValueFacts {
  enum class Kind { kUnused, kConstant, kStatic, kDynamic };
  Kind kind = Kind::kUnused;
  Tensor constant;       // kConstant
  TensorDesc desc;       // kConstant, kStatic: contiguous type
  bool lasting = false;  // constant in every plan, not only for these shapes
};

struct NodeFacts {
  enum class Kind { kFolded, kStatic, kDynamic };
  Kind kind = Kind::kStatic;
  const OpDef* definition = nullptr;
};

struct Analysis {
  std::vector<NodeId> order;       // producers first; folded nodes included
  std::vector<ValueFacts> values;  // by ValueId
  std::vector<NodeFacts> nodes;    // by NodeId
  size_t folded = 0;
};

// Propagates concrete types through the graph, computing what depends only on constants and shapes.
Analysis analyze(const Graph& graph, const std::vector<TensorDesc>& inputs,
                 const PlanOptions& options);

}  // namespace convoy
