// From a kernel request to the convolutions of our own: operands, packed weights, threads.
#pragma once

#include <memory>
#include <optional>

#include "ops/conv/conv_kernels.h"
#include "ops/kernels/conv/direct_conv.h"
#include "runtime/op/kernel.h"

namespace convoy {

// How a convolution stores numbers of the type: float32 or a 16-bit float.
kernels::ConvElement conv_element(DType dtype);
bool has_conv_element(DType dtype);

// A node's convolution on operands of any strides, as they are in the request, and the statement
// that any will do.
kernels::ConvProblem strided_problem(const KernelRequest& request, const ConvRequest& conv);
void accept_conv_strides(KernelRequest& request, const ConvRequest& conv);

// Kernels over inputs X, W, B?, residual? whose strides the problem describes; W is contiguous
// [weight groups, out, in, kernel…] and packed once if it is constant. All have the type of X. They
// ask for the scratch they need.
using PlannedConvFactory = std::unique_ptr<Kernel>(KernelRequest&, const kernels::ConvProblem&);
// As KernelEstimate; the factory of the same kernel relies on what it has checked.
using PlannedConvEstimate = std::optional<double>(KernelRequest&, const kernels::ConvProblem&);

// float32 or a 16-bit float.
PlannedConvEstimate estimate_direct;
PlannedConvFactory make_direct;

// With fewer products, whose rounding errors are larger. float32, constant weights.
PlannedConvEstimate estimate_winograd;
PlannedConvFactory make_winograd;

// The same with vectors along pixels.
PlannedConvEstimate estimate_winograd_pixels;
PlannedConvFactory make_winograd_pixels;

}  // namespace convoy
