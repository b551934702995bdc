#include "ops/kernels/softmax/softmax.h"

namespace convoy {

const SoftmaxKernels& softmax_kernels(Isa isa) { return CONVOY_OF_ISA(isa, softmax_kernels); }

}  // namespace convoy
