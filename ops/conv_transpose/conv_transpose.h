// The attributes of ConvTranspose and what they mean for one input size.
#pragma once

#include <memory>

#include "ops/conv/window.h"
#include "runtime/op/kernel.h"

namespace convoy {

// X[batch, in_channels, input…], W[in_channels, out_channels / groups, kernel…],
// Y[batch, out_channels, output…]. Input position i adds to output positions
// i * stride + k * dilation - pad_begin; those outside the output are dropped.
struct ConvTransposeShape {
  int64_t batch = 0;
  int64_t groups = 1;
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  Dims input, output, kernel, strides, dilations, pads_begin;

  int64_t group_in() const { return in_channels / groups; }
  int64_t group_out() const { return out_channels / groups; }
  // What is cut off at the end; negative where the output goes on.
  int64_t pad_end(int axis) const;
};

// Reads the node; throws kInvalidModel or kInvalidInput when things do not fit together.
ConvTransposeShape read_conv_transpose(const KernelRequest& request);

std::unique_ptr<Kernel> make_blocked_conv_transpose(KernelRequest& request);
std::unique_ptr<Kernel> make_columns_conv_transpose(KernelRequest& request);
std::unique_ptr<Kernel> make_onednn_conv_transpose(KernelRequest& request);
std::unique_ptr<Kernel> make_reference_conv_transpose(KernelRequest& request);

}  // namespace convoy
