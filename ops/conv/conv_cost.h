// What convolutions cost by estimate, in seconds of one core: the measure by which the candidates
// of Conv are chosen, and which `convoy explain` prints. Fitted to a core with AVX2.
#pragma once

#include <optional>

#include "ops/conv/conv.h"
#include "ops/kernels/conv/direct_conv.h"
#include "runtime/op/kernel.h"

namespace convoy {

// From a plan's cycles per output position and group (DirectConv::cycles, WinogradConv::cycles),
// with reorders where the input lies in blocks.
double planned_seconds(const KernelRequest& request, const kernels::ConvProblem& problem,
                       double cycles);

// Of oneDNN on channel-blocked tensors, with reorders where the input is plain, and with what a
// change of layouts must promise.
double blocked_seconds(const KernelRequest& request, const ConvShape& shape);

// Of a product of batch rows with all weights.
double product_seconds(const KernelRequest& request);

}  // namespace convoy
