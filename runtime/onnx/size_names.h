// Names of our own for sizes that ONNX's inference leaves unknown, so that what is computed from
// one tensor is seen to have equal sizes. They begin with '?' and are never written to a file.
#pragma once

#include "runtime/graph/graph.h"

namespace convoy {

bool is_own_name(const std::string& symbol);

// Sizes of a tensor that have neither number nor symbol get symbols that no other size has.
ValueType with_own_names(ValueType type);

// The type as the model says it.
ValueType without_own_names(ValueType type);

}  // namespace convoy
