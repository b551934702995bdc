#include "ops/kernels/elementwise/vector_loops.h"

namespace convoy::elementwise {
void fill_avx2_loops(LoopTable<float>& table) { fill_vector_loops(table); }
}  // namespace convoy::elementwise
