// Numbers that kernels of a GPU compute with, and how tensors store them.
#pragma once

#include <cstdint>

namespace convoy::cuda {

// Computed with as float32; integers of more than 16 bits would lose digits.
enum class Stored : int32_t {
  float32,
  float16,
  bfloat16,
  boolean,  // written as 1 for any number but 0
  uint8,
  int8,
  uint16,
  int16,
};

}  // namespace convoy::cuda
