// Compares values within a tolerance.
#pragma once

#include <string>

#include "runtime/tensor/value.h"

namespace convoy::cli {

// |actual − expected| ≤ atol + rtol · |expected|, element by element; NaN equals NaN.
struct Tolerance {
  double rtol = 1e-3;
  double atol = 1e-5;
};

// "" if the values agree; else what differs: "is float32[2], expected float32[3]", "differs by 0.5
// at [0,1] (1.5, expected 1) …".
std::string compare(const Value& actual, const Value& expected, const Tolerance& tolerance);

// max|a − b| / max|b| over two tensors of equal shape; infinite where their NaNs or infinities
// differ.
double largest_relative_difference(const Tensor& actual, const Tensor& expected);

}  // namespace convoy::cli
