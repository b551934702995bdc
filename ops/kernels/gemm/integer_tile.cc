#include "ops/kernels/gemm/integer_tile.h"

namespace convoy::kernels {

const IntegerTile& integer_tile(Isa isa) { return CONVOY_OF_ISA(isa, integer_tile); }

}  // namespace convoy::kernels
