// A plan as text.
#pragma once

#include <string>

#include "runtime/plan/plan.h"

namespace convoy {

// One line a step: number, node, operator, kernel, output type and place; below it, indented, why
// kernels that come first in the operator's list were refused, and for a convolution its work and
// the kernels that were not asked. A summary of memory at the end.
std::string describe_plan(const Plan& plan);

}  // namespace convoy
