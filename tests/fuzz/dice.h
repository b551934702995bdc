// Random choices that are the same for a seed on every machine.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "runtime/tensor/tensor.h"

namespace convoy::testing {

class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}

  int64_t below(int64_t n) { return static_cast<int64_t>(engine_() % static_cast<uint64_t>(n)); }
  // Both ends included.
  int64_t between(int64_t low, int64_t high) { return low + below(high - low + 1); }
  bool chance(int percent) { return below(100) < percent; }

  template <typename T>
  const T& pick(const std::vector<T>& list) {
    return list[static_cast<size_t>(below(static_cast<int64_t>(list.size())))];
  }

  template <typename T>
  void shuffle(std::vector<T>& list) {
    for (size_t i = list.size(); i > 1; --i) {
      std::swap(list[i - 1], list[static_cast<size_t>(below(static_cast<int64_t>(i)))]);
    }
  }

  Tensor floats(const Shape& shape, float low = -1, float high = 1) {
    Tensor tensor = Tensor::allocate(DType::kFloat32, shape);
    float* data = tensor.mutable_data<float>();
    for (int64_t i = 0; i < tensor.count(); ++i) {
      data[i] = low + (high - low) * static_cast<float>(engine_() >> 40) * 0x1p-24F;
    }
    return tensor;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace convoy::testing
