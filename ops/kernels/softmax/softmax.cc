#include "ops/kernels/softmax/softmax.h"

namespace convoy {

const SoftmaxKernels& softmax_kernels(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return softmax_kernels_avx512;
  if (isa == Isa::kAvx2) return softmax_kernels_avx2;
#endif
  (void)isa;
  return softmax_kernels_generic;
}

}  // namespace convoy
