// From a kernel request to the convolutions of our own: operands, packed weights, threads.
#pragma once

#include <memory>

#include "ops/conv/epilogue.h"
#include "ops/kernels/conv/direct_conv.h"
#include "runtime/op/kernel.h"

namespace convoy {

// How a convolution stores numbers of the type: float32 or a 16-bit float.
kernels::ConvElement conv_element(DType dtype);
bool has_conv_element(DType dtype);

// A kernel over inputs X, W, B?, residual? whose strides `problem` describes; W is contiguous
// [weight groups, out, in, kernel…] and packed once if it is constant. All have the type of X,
// float32 or a 16-bit float. Asks for the scratch it needs.
std::unique_ptr<Kernel> make_direct_kernel(KernelRequest& request,
                                           const kernels::ConvProblem& problem);

// The same with fewer products; refuses what the direct kernel computes as fast, and computed
// weights.
std::unique_ptr<Kernel> make_winograd_kernel(KernelRequest& request,
                                             const kernels::ConvProblem& problem);

// The same with vectors along pixels; refuses what the one above computes as fast.
std::unique_ptr<Kernel> make_winograd_pixels_kernel(KernelRequest& request,
                                                    const kernels::ConvProblem& problem);

}  // namespace convoy
