// A convolution as its definition reads, in double precision, and problems to try it on.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "ops/kernels/conv/direct_conv.h"

namespace convoy::kernels {

// Operands of a problem in contiguous or strided memory of exactly the size that it may touch.
struct ConvData {
  std::vector<float> input, weights, bias, residual, output;
  int64_t input_origin = 0;  // elements before the first one, for negative strides
};

ConvOperands operands_of(const ConvData& data, const float* packed, float* output);

// An axis whose output size follows from the others.
ConvWindow window(int64_t input, int64_t kernel, int64_t stride = 1, int64_t dilation = 1,
                  int64_t pad_begin = 0, int64_t pad_end = 0);

// Lays the axes out contiguously as [batch0][batch1][group0][group1][channels][spatial].
void set_contiguous_strides(ConvProblem* problem);

// Rank 1, contiguous.
ConvProblem conv1d(int64_t batch, int64_t groups, int64_t in_channels, int64_t out_channels,
                   const ConvWindow& width);

// Random operands; sizes follow from the strides.
ConvData make_data(const ConvProblem& problem, std::mt19937_64& random, bool with_bias);

int64_t weight_count(const ConvProblem& problem);

// expected[i] and the sum of magnitudes that went into it, for each element of data.output.
// Elements that the problem does not write keep the value of data.output, with magnitude 0.
void reference_conv(const ConvProblem& problem, const ConvData& data, std::vector<double>* expected,
                    std::vector<double>* magnitude);

std::string describe(const ConvProblem& problem);

// A 16-lane, 32-register instruction set in plain loops, to test what AVX-512
// would do on processors that lack it.
const ConvKernels& emulated_conv_kernels();

}  // namespace convoy::kernels
