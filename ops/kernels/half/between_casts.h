// Kernels of float32 for 16-bit floats: "direct between casts" is the kernel "direct" with its
// operands widened before it runs and its results rounded, once, to nearest even.
#pragma once

#include "runtime/op/registry.h"

namespace convoy {

// A kernel of `make` for the request with float32 in place of 16-bit floats. Constants are widened
// once, into the request's weights, the other operands into scratch whenever the kernel runs.
std::unique_ptr<Kernel> make_between_casts(const KernelFactory& make, KernelRequest& request);

}  // namespace convoy
