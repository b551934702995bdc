// Rows of elements at given places of a GPU's memory.
#pragma once

#include <cstdint>

namespace convoy::cuda {

// out[r, i] = data[offsets[r] + i] for r < rows, i < inner; elements of 1, 2, 4 or 8 bytes.
struct PickRows {
  const void* data = nullptr;
  const int64_t* offsets = nullptr;
  void* out = nullptr;
  int64_t rows = 0, inner = 1;
  int32_t element_bytes = 4;
};

// How an update combines with the element that it falls on. All but `assign`: float32.
enum class RowUpdate : int32_t { assign, add, multiply, minimum, maximum };

// out[offsets[r] + i] ⊕= updates[r, i]; the rows do not overlap.
struct ScatterRows {
  const void* updates = nullptr;
  const int64_t* offsets = nullptr;
  void* out = nullptr;
  int64_t rows = 0, inner = 1;
  int32_t element_bytes = 4;
  RowUpdate how = RowUpdate::assign;
};

}  // namespace convoy::cuda
