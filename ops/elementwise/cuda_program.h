// Elementwise programs on a GPU.
#pragma once

#include "ops/kernels/cuda/elements.h"
#include "ops/kernels/elementwise/program.h"
#include "runtime/op/kernel.h"

namespace convoy {

// How a kernel of a GPU reads or writes numbers of the type; nullopt where it cannot.
std::optional<cuda::Stored> cuda_stored(DType dtype);

namespace elementwise {

// As make_float_kernel (program_kernel.h): any strides, plain layouts. `trailing_axes`: how many
// axes of size 1 are appended to each input; of those that it does not tell, what the program says.
std::unique_ptr<Kernel> make_cuda_kernel(KernelRequest& request, const Program& program,
                                         const std::vector<int>& trailing_axes = {});

}  // namespace elementwise
}  // namespace convoy
