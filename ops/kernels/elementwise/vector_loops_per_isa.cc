#include "ops/kernels/elementwise/vector_loops.h"

namespace convoy::elementwise {

void CONVOY_PER_ISA(fill_loops)(LoopTable<float>& table) { fill_vector_loops(table); }

}  // namespace convoy::elementwise
