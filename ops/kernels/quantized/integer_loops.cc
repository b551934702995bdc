#include "ops/kernels/quantized/integer_loops.h"

namespace convoy {

const IntegerLoops& integer_pairs(Isa isa) {
#if defined(__x86_64__)
  if (isa >= Isa::kAvx512Vnni) return integer_pairs_avx512vnni;
#endif
  return CONVOY_OF_ISA(isa, integer_pairs);
}

const IntegerLoops* integer_quads(Isa isa) {
#if defined(__x86_64__)
  if (isa >= Isa::kAvx512Vnni) return &integer_quads_avx512vnni;
#endif
  static_cast<void>(isa);
  return nullptr;
}

}  // namespace convoy
