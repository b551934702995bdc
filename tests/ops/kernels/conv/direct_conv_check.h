// The direct convolution on every instruction set at hand, against the definition.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "ops/kernels/conv/conv_kernels.h"
#include "tests/ops/kernels/conv/reference_conv.h"

namespace convoy::kernels {

struct NamedKernels {
  std::string name;
  const ConvKernels* kernels;
  ConvForm form;
};

// Of each instruction set that the processor has, and of the emulated one, in both forms.
std::vector<NamedKernels> all_kernels();

// That random operands give what the definition says, in float32 and 16-bit floats, between guard
// pages, and the same bits however the work is cut for threads. Failures are GoogleTest's.
void check(const ConvProblem& problem, std::mt19937_64& random, bool with_bias = true);

}  // namespace convoy::kernels
