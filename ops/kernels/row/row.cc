#include "ops/kernels/row/row.h"

namespace convoy {

const RowKernels& row_kernels(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return row_kernels_avx512;
  if (isa == Isa::kAvx2) return row_kernels_avx2;
#endif
  (void)isa;
  return row_kernels_generic;
}

}  // namespace convoy
