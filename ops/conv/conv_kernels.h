// The ways to compute a convolution, in the shape that conv.cc lists them.
#pragma once

#include <memory>

#include "ops/conv/conv.h"
#include "runtime/op/kernel.h"

namespace convoy {

// Conv or FusedConv with everything resolved. Operands of the node: X, W, B?, residual?.
struct ConvRequest {
  ConvAttributes attributes;
  ConvShape shape;
  Epilogue epilogue;
  bool has_bias = false;
  bool has_residual = false;
};

using ConvKernelFactory = std::unique_ptr<Kernel>(KernelRequest&, const ConvRequest&);

ConvKernelFactory make_reference_conv;

}  // namespace convoy
