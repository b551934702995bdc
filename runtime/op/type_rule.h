// Types, with open sizes, of the results of operators that only the registry knows.
#pragma once

#include "runtime/onnx/inference.h"
#include "runtime/op/registry.h"

namespace convoy {

// From the operator's body where it is a composition, else from its own inference, which is asked
// twice with numbers in the place of open sizes: a size of the result is known where both answers
// agree, and is that of an input where both are that input's. The registry must outlive the rule.
TypeRule type_rule(const Registry& registry);

}  // namespace convoy
