#include "ops/kernels/recurrent/recurrent.h"

namespace convoy {

const RecurrentKernels& recurrent_kernels(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return recurrent_kernels_avx512;
  if (isa == Isa::kAvx2) return recurrent_kernels_avx2;
#endif
  (void)isa;
  return recurrent_kernels_generic;
}

}  // namespace convoy
