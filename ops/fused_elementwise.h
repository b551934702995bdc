// The private operator FusedElementwise: a chain or small graph of elementwise formulas on floating
// tensors, computed in one pass over memory.
//
// Inputs broadcast to one shape, which is that of every output. Attributes:
//   steps: strings, one a step: the formula's name (see ops/kernels/elementwise/formula.h), its
//     operands "i0" (input 0), "s2" (result of step 2, an earlier one) or "=0.5" (a constant), and
//     its parameters "p1.5": "mul i0 s0", "leaky_relu s1 p0.1", "clip s2 p0 p6", "add s0 =1".
//   outputs: ints, the step of each output.
//   output_dtypes: ints, optional: element types of the outputs (default: that of input 0).
#pragma once

#include "ops/kernels/elementwise/program.h"
#include "runtime/graph/graph.h"

namespace convoy {

// A node's attributes that encode the program, and back. Floats survive unchanged. The program must
// pass check(); reading throws kInvalidModel for attributes that encode none.
Attributes fused_attributes(const elementwise::Program& program);
elementwise::Program read_fused_program(const Node& node);

// Programs up to this size can be run.
inline constexpr int kMaxFusedSteps = 64;
inline constexpr int kMaxFusedInputs = 16;
inline constexpr int kMaxFusedOutputs = 4;

}  // namespace convoy
