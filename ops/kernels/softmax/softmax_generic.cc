#include "ops/kernels/softmax/softmax_loops.h"

namespace convoy {

const SoftmaxKernels softmax_kernels_generic = {row, log_row, columns, log_columns};

}  // namespace convoy
