#include "ops/kernels/row/row_loops.h"

namespace convoy {

const RowKernels row_kernels_generic = kRowKernels;

}  // namespace convoy
