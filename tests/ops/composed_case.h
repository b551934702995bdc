// Cases of operators that are compositions: there is no kernel to ask, so a session expands them.
#pragma once

#include "tests/ops/op_case.h"

namespace convoy {

// Runs the case as a model of one node, optimized and not, with the inputs that `constants` numbers
// as constants, and compares. Integers may be `steps` apart.
void run_composed_case(const OpCase& c, int64_t steps = 0);

}  // namespace convoy
