#include "runtime/device/half_rows.h"

namespace convoy {

const HalfRows& half_rows(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return half_rows_avx512;
  if (isa == Isa::kAvx2) return half_rows_avx2;
#endif
  (void)isa;
  return half_rows_generic;
}

}  // namespace convoy
