// Gather along one axis on a GPU, elements of any type of up to 8 bytes.
#pragma once

#include <cstdint>

namespace convoy::cuda {

// out[o, k, i] = data[o, indices[k], i] for o < outer, k < picked, i < inner; all contiguous.
// Negative indices count from the end; all are within [-length, length).
struct Gather {
  const void* data = nullptr;
  const void* indices = nullptr;
  void* out = nullptr;
  int64_t outer = 1, length = 1, picked = 1, inner = 1;
  int32_t element_bytes = 4;  // 1, 2, 4, 8
  int32_t index_bytes = 8;    // 4, 8
};

}  // namespace convoy::cuda
