#include "ops/kernels/conv/conv_kernels.h"

#include <algorithm>

#include "runtime/device/machine.h"

namespace convoy::kernels {

const ConvKernels& conv_kernels(Isa isa) {
#if defined(__x86_64__)
  const Isa usable = std::min(isa, best_isa());
  if (usable == Isa::kAvx512 && avx512_conv_kernels()) return *avx512_conv_kernels();
  if (usable >= Isa::kAvx2 && avx2_conv_kernels()) return *avx2_conv_kernels();
#else
  (void)isa;
#endif
  return generic_conv_kernels();
}

}  // namespace convoy::kernels
