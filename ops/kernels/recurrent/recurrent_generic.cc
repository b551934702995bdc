#include "ops/kernels/recurrent/recurrent_loops.h"

namespace convoy {

const RecurrentKernels recurrent_kernels_generic = kRecurrentKernels;

}  // namespace convoy
