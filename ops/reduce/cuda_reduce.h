// Reductions on a GPU.
#pragma once

#include "ops/reduce/reduce.h"

namespace convoy {

// float32, any strides.
std::unique_ptr<Kernel> make_cuda_reduction(KernelRequest& request, ReduceKind kind,
                                            const ReducePlan& plan);

}  // namespace convoy
