// Operands and attributes of small windows along one axis.
#pragma once

#include <limits>

#include "tests/ops/op_case.h"

namespace convoy {

using Ints = std::vector<int64_t>;
inline constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();

// `first`, first + 1, … along the last of three axes.
inline Tensor line(int64_t count, float first = 1) {
  Tensor result = Tensor::allocate(DType::kFloat32, {1, 1, count});
  for (int64_t i = 0; i < count; ++i) {
    result.mutable_data<float>()[i] = first + static_cast<float>(i);
  }
  return result;
}

inline Tensor row(std::initializer_list<float> values) {
  return tensor<float>({1, 1, static_cast<int64_t>(values.size())}, values);
}

inline const Tensor kOnes = row({1, 1, 1});

inline Attributes pool(int64_t kernel, int64_t stride, Attributes others = {}) {
  others["kernel_shape"] = Ints{kernel};
  others["strides"] = Ints{stride};
  others["ceil_mode"] = int64_t{1};
  return others;
}

inline Attributes padding(const char* name, Attributes others = {}) {
  others["auto_pad"] = std::string(name);
  others["strides"] = Ints{2};
  return others;
}

}  // namespace convoy
