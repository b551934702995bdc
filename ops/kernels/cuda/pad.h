// Pad on a GPU, elements of any type of up to 8 bytes.
#pragma once

#include <cstdint>

namespace convoy::cuda {

enum class Padding : int32_t { constant, edge, reflect, wrap };

// Contiguous tensors; output index o of an axis reads input index o - begin.
struct Pad {
  static constexpr int kMaxAxes = 8;

  const void* x = nullptr;
  const void* value = nullptr;  // of one element in the GPU's memory; nullptr: value_bits
  void* y = nullptr;
  uint64_t value_bits = 0;
  int64_t count = 0;
  int64_t input[kMaxAxes] = {};
  int64_t output[kMaxAxes] = {};
  int64_t begin[kMaxAxes] = {};
  int32_t rank = 0;
  int32_t element_bytes = 4;  // 1, 2, 4, 8
  Padding mode = Padding::constant;
};

}  // namespace convoy::cuda
