// Derivatives of single operators.
#pragma once

#include "runtime/graph/builder.h"

namespace convoy {

// A node in reverse mode: its values as they are computed, and what has been found of its output.
struct GradientStep {
  GraphBuilder& builder;
  const Node& node;              // with inputs and outputs as the derivative is to read them
  std::vector<ValueType> types;  // of the inputs
  ValueType output_type;
  ValueId gradient;  // of the end result with respect to output 0
};

// Whether the operator has a rule for an input.
bool has_derivative(const Node& node, size_t input);

// The part that the node's input `slot` has in the end result through output 0, of that input's
// shape. Throws kUnsupported where a rank that the rule needs is not known.
ValueId input_gradient(GradientStep& step, size_t slot);

}  // namespace convoy
