// Convolutions on a GPU.
#pragma once

#include "ops/conv/conv_kernels.h"
#include "ops/conv/direct_conv_kernel.h"

namespace convoy {

// float32, rank 1 to 3, any weights.
PlannedConvFactory make_cuda_implicit_gemm;
// For groups of few output channels.
PlannedConvFactory make_cuda_by_outputs;

ConvKernelFactory make_cuda_implicit_gemm_conv;
ConvKernelFactory make_cuda_by_outputs_conv;

}  // namespace convoy
