// The operator Constant, whose value takes eight forms.
#pragma once

#include <optional>

#include "runtime/graph/attribute.h"

namespace convoy {

// The value of a Constant node with these attributes; nullopt while it refers to an attribute of
// the calling node. Throws kInvalidModel unless exactly one attribute gives it.
std::optional<Tensor> constant_value(const Attributes& attributes);

}  // namespace convoy
