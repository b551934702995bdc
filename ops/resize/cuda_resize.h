// Resize on a GPU.
#pragma once

#include "ops/kernels/resize/axis_map.h"
#include "runtime/op/kernel.h"

namespace convoy {

// float32, contiguous; `nearest`: every map has one tap, whose weight is not read.
std::unique_ptr<Kernel> make_cuda_resize(KernelRequest& request, const std::vector<AxisMap>& maps,
                                         bool nearest, double extrapolation);

}  // namespace convoy
