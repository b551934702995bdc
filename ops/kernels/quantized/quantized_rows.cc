#include "ops/kernels/quantized/quantized_rows.h"

namespace convoy {

const QuantizedRows& quantized_rows(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return quantized_rows_avx512;
  if (isa == Isa::kAvx2) return quantized_rows_avx2;
#endif
  (void)isa;
  return quantized_rows_generic;
}

}  // namespace convoy
