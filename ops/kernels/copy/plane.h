// The inner loops of a strided copy: one plane of rows × columns.
#pragma once

#include <cstddef>
#include <cstdint>

namespace convoy {

// Sizes and strides in elements.
struct Plane {
  int64_t rows = 1;
  int64_t columns = 1;
  int64_t from_row = 0;
  int64_t from_column = 1;
  int64_t to_row = 0;
  int64_t to_column = 1;
};

using CopyPlane = void (*)(const Plane& plane, const void* from, void* to);

// The copier for elements of 1, 2, 4, 8 or 16 bytes, for this machine.
CopyPlane plane_copier(size_t element_bytes);

// 4-byte elements, source rows and destination columns of stride 1: a transposition.
void transpose_plane_avx2(const Plane& plane, const uint32_t* from, uint32_t* to);

}  // namespace convoy
