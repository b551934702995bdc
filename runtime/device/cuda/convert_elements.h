// Copies of elements between strided tensors of a GPU, and between floats of 32 and 16 bits.
#pragma once

#include <cstdint>

namespace convoy {

struct TensorView;

namespace cuda {

inline constexpr int kMaxAxes = 12;

// How an element is read and written.
enum class ElementCopy : int32_t {
  bytes1,
  bytes2,
  bytes4,
  bytes8,
  bytes16,
  half_to_float,
  bfloat16_to_float,
  float_to_half,
  float_to_bfloat16,
};

// Elements in row-major order over the sizes; strides count elements.
struct ConvertElements {
  const void* from = nullptr;
  void* to = nullptr;
  int64_t count = 0;
  int64_t size[kMaxAxes] = {};
  int64_t from_stride[kMaxAxes] = {};
  int64_t to_stride[kMaxAxes] = {};
  int32_t rank = 0;
  ElementCopy how = ElementCopy::bytes1;
};

// Merges axes that both tensors step through evenly. False where it is no such copy: blocked
// layouts, texts, other conversions.
bool describe(const TensorView& from, const TensorView& to, ConvertElements& problem);

}  // namespace cuda
}  // namespace convoy
