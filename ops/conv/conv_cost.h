// What convolutions cost by estimate: the measure by which the candidates of Conv yield to each
// other, and which `convoy explain` prints. In cycles of one core; fitted to one with AVX2.
#pragma once

#include "ops/conv/conv.h"
#include "ops/kernels/conv/direct_conv.h"
#include "runtime/op/kernel.h"

namespace convoy {

// From a plan's cycles per output position and group (DirectConv::cycles, WinogradConv::cycles),
// with reorders where the input lies in blocks.
double planned_cycles(const KernelRequest& request, const kernels::ConvProblem& problem,
                      double cycles);

// Of oneDNN on channel-blocked tensors, with reorders where the input is plain; infinite where it
// has no kernel for them.
double blocked_cycles(const KernelRequest& request, const ConvShape& shape);

// Whether a kernel on plain tensors, of so many cycles, says no in favour of blocked ones.
bool yields_to_blocked(KernelRequest& request, const ConvShape& shape, double cycles);

// Of a product of batch rows with all weights.
double product_cycles(const KernelRequest& request, const ConvShape& shape);

}  // namespace convoy
