#include "ops/kernels/conv/conv_kernels.h"

#include <algorithm>

namespace convoy::kernels {

const ConvKernels& conv_kernels(Isa isa) {
  return CONVOY_OF_ISA(std::min(isa, best_isa()), conv_kernels);
}

}  // namespace convoy::kernels
