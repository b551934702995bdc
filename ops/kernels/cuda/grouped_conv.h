// Convolutions of rank 1 to 3 in groups, on strided operands of a GPU, in float32.
#pragma once

#include "ops/kernels/conv/conv_problem.h"

namespace convoy::cuda {

struct GroupedConv {
  const float* x = nullptr;
  const float* w = nullptr;     // [weight groups][out][in][kernel…], contiguous
  const float* bias = nullptr;  // [weight groups][out] or null
  const float* residual = nullptr;
  float* y = nullptr;
  // Of rank 3; sizes, and the terms of one sum, fit 32 bits.
  kernels::ConvProblem problem;
};

}  // namespace convoy::cuda
