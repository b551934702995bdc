// From a oneDNN primitive to a kernel: operands, packed weights, scratch.
#pragma once

#include <memory>
#include <optional>

#include "ops/conv/source_padding.h"
#include "ops/kernels/onednn/primitive.h"
#include "runtime/op/kernel.h"

namespace convoy {

// A kernel over inputs X, W, B?, residual?; the primitive must have been made with the
// add_to_output that the node has, and adds the bias if made with one. Constant weights are packed
// once, others in every run. Asks for the scratch it needs; layouts are the caller's to demand.
// With `padding` the primitive reads the padded copy of X.
std::unique_ptr<Kernel> make_onednn_kernel(KernelRequest& request,
                                           std::shared_ptr<const onednn::Primitive> primitive,
                                           std::optional<SourcePadding> padding = std::nullopt);

}  // namespace convoy
