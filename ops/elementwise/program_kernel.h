// Kernels that run an elementwise program on a node's inputs and outputs.
#pragma once

#include "ops/kernels/elementwise/program.h"
#include "runtime/op/op.h"

namespace convoy::elementwise {

// Inputs and outputs of the program are those of the node, in order; every input broadcasts to the
// shape of the outputs. Any strides; channel-blocked layouts pass through for float32 and 16-bit
// floats (padding is left zero). Computes in float; refuses float64 and what is no real number.
std::unique_ptr<Kernel> make_float_kernel(KernelRequest& request, const Program& program);

// The same in double precision: the reference, and the kernel of float64. Plain layouts only.
std::unique_ptr<Kernel> make_double_kernel(KernelRequest& request, const Program& program);

// States that outputs may be written over inputs that no later step reads.
void allow_in_place(KernelRequest& request, const Program& program);

// Registers both, and the kernel of a GPU, with the program that `make` builds from the request.
using MakeProgram = std::function<Program(KernelRequest&)>;
void add_program_kernels(OpDef& definition, MakeProgram make);

}  // namespace convoy::elementwise
