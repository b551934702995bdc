// Sizes of the outputs of Resize and Upsample. Operators and inference ask here.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/base/shape.h"

namespace convoy {

// `size` times a factor, rounded down. The product is one of float32, as in PyTorch and ONNX
// Runtime: 10 by 0.7 is 7. Throws kInvalidInput for a factor that is no positive number and for a
// product beyond int64.
int64_t scaled_size(int64_t size, float factor);

// The factors of an output that is asked for by its sizes, one for each of the same axes of the
// input, and the sizes that it really gets. By a policy other than "stretch" one factor, the
// smallest or the largest, holds for all axes.
struct SizeFactors {
  std::vector<float> factors;
  std::vector<int64_t> sizes;
};

// `policy` is that of keep_aspect_ratio_policy. Throws kInvalidModel for another one, and
// kInvalidInput for lists of different lengths and sizes that make no sense.
SizeFactors factors_of(const std::vector<int64_t>& input, const std::vector<int64_t>& sizes,
                       std::string_view policy);

// The axes that `axes` names, all where it is empty. Throws kInvalidModel for one that is named
// twice or that a tensor of that rank does not have.
std::vector<int> resized_axes(const std::vector<int64_t>& axes, int rank);

}  // namespace convoy
