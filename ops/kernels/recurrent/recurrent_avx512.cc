#include "ops/kernels/recurrent/recurrent_loops.h"

namespace convoy {

const RecurrentKernels recurrent_kernels_avx512 = kRecurrentKernels;

}  // namespace convoy
