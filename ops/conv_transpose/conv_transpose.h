// The attributes of ConvTranspose and what they mean for one input size.
#pragma once

#include <memory>

#include "ops/conv/window.h"
#include "runtime/op/kernel.h"

namespace convoy {

// X[batch, in_channels, input…], W[in_channels, out_channels / groups, kernel…],
// Y[batch, out_channels, output…].
struct ConvTransposeShape : Window {
  int64_t batch = 0;
  int64_t groups = 1;
  int64_t in_channels = 0;
  int64_t out_channels = 0;

  int64_t group_in() const { return in_channels / groups; }
  int64_t group_out() const { return out_channels / groups; }
  Shape output_shape() const;
};

// Throws kInvalidModel or kInvalidInput when things do not fit together.
ConvTransposeShape resolve_conv_transpose(const Node& node, const Shape& x, const Shape& w);

// The same for a kernel, which its operands and its output must fit too.
ConvTransposeShape read_conv_transpose(const KernelRequest& request);

std::unique_ptr<Kernel> make_blocked_conv_transpose(KernelRequest& request);
std::unique_ptr<Kernel> make_columns_conv_transpose(KernelRequest& request);
std::unique_ptr<Kernel> make_onednn_conv_transpose(KernelRequest& request);
std::unique_ptr<Kernel> make_reference_conv_transpose(KernelRequest& request);
// On a GPU, float32.
std::unique_ptr<Kernel> make_cuda_conv_transpose(KernelRequest& request);

}  // namespace convoy
