#include "ops/kernels/recurrent/recurrent.h"

namespace convoy {

const RecurrentKernels& recurrent_kernels(Isa isa) { return CONVOY_OF_ISA(isa, recurrent_kernels); }

}  // namespace convoy
