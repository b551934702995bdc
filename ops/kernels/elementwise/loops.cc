#include "ops/kernels/elementwise/loops.h"

namespace convoy::elementwise {
namespace {

LoopTable<float> make_table(void (*fill)(LoopTable<float>&)) {
  LoopTable<float> table;
  fill_scalar_loops(table);
  fill(table);
  return table;
}

}  // namespace

// Each table is filled by code for its own instruction set, hence only when it is asked for.
const LoopTable<float>& float_loops(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) {
    static const LoopTable<float> table = make_table(fill_avx512_loops);
    return table;
  }
  if (isa == Isa::kAvx2) {
    static const LoopTable<float> table = make_table(fill_avx2_loops);
    return table;
  }
#endif
  (void)isa;
  static const LoopTable<float> table = make_table(fill_generic_loops);
  return table;
}

}  // namespace convoy::elementwise
