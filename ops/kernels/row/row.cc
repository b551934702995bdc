#include "ops/kernels/row/row.h"

namespace convoy {

const RowKernels& row_kernels(Isa isa) { return CONVOY_OF_ISA(isa, row_kernels); }

}  // namespace convoy
