// Support vectors and their kernel functions, as SVMClassifier and SVMRegressor of ai.onnx.ml have
// them.
#pragma once

#include <vector>

#include "runtime/op/kernel.h"

namespace convoy {

// K(x, v) of a row x and a support vector v.
class VectorKernel {
 public:
  // Reads kernel_type and kernel_params (gamma, coef0, degree). Throws kInvalidModel.
  explicit VectorKernel(AttributeReader& attributes);

  double operator()(const float* x, const float* v, int64_t features) const;

 private:
  enum class Type { kLinear, kPoly, kRbf, kSigmoid };
  Type type_ = Type::kLinear;
  double gamma_ = 0;
  double coef0_ = 0;
  double degree_ = 0;
};

// The probabilities of `classes` classes from those of their pairs: pair[i · classes + j] is that
// of i against j. The second method of Wu, Lin and Weng (2004), with the steps and the tolerance of
// LIBSVM.
void couple_pairs(const double* pair, int64_t classes, double* probabilities);

}  // namespace convoy
