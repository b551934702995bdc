// The innermost loop of products of small integers: pairs of 16-bit factors, summed in 32 bits.
#pragma once

#include <cstdint>

#include "runtime/device/per_isa.h"

namespace convoy::kernels {

// sums[i][j] = sum over p < pairs of a[p][i][0] · b[p][j][0] + a[p][i][1] · b[p][j][1] for i <
// rows, j < columns. Factors are so small that no sum of one pair leaves 32 bits; sums wrap around.
struct IntegerTile {
  int64_t rows;
  int64_t columns;
  void (*multiply)(const int16_t* a, const int16_t* b, int64_t pairs, int32_t* sums);
};

inline constexpr int64_t kMostTileRows = 12;
inline constexpr int64_t kMostTileColumns = 32;

const IntegerTile& integer_tile(Isa isa);

CONVOY_DECLARE_PER_ISA(extern const IntegerTile, integer_tile);

}  // namespace convoy::kernels
