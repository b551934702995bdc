#include "ops/kernels/elementwise/vector_loops.h"

namespace convoy::elementwise {
void fill_generic_loops(LoopTable<float>& table) { fill_vector_loops(table); }
}  // namespace convoy::elementwise
