// The ways to compute a convolution, in the shape that conv.cc lists them.
#pragma once

#include <memory>
#include <optional>

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
// As KernelEstimate; the factory of the same kernel relies on what it has checked.
using ConvEstimate = std::optional<double>(KernelRequest&, const ConvRequest&);

// Strided operands in place; for small groups, depthwise and few channels. float32 and 16-bit
// floats.
ConvEstimate estimate_direct_conv;
ConvKernelFactory make_direct_conv;
// The same with fewer products, for three taps and many channels. float32.
ConvEstimate estimate_winograd_conv;
ConvKernelFactory make_winograd_conv;
// The same with vectors along pixels.
ConvEstimate estimate_winograd_pixels_conv;
ConvKernelFactory make_winograd_pixels_conv;
// A window that is the whole input, as a matrix product. float32, constant weights.
ConvEstimate estimate_product_conv;
ConvKernelFactory make_product_conv;
// oneDNN on channel-blocked tensors (first layers read plain ones). float32, constant weights or
// not.
ConvEstimate estimate_blocked_conv;
ConvKernelFactory make_blocked_conv;
// oneDNN on plain tensors. float32.
ConvKernelFactory make_onednn_conv;
ConvKernelFactory make_reference_conv;

// The channel block of the instruction set, 0 if it has none.
int channel_block(Isa isa);
// Whether channels fill blocks of so many.
bool suits_blocked_layout(const ConvShape& shape, int block);

}  // namespace convoy
