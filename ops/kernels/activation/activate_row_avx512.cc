#include "ops/kernels/activation/activate_row_loops.h"

namespace convoy::kernels {

void activate_row_avx512(const Epilogue& epilogue, float* row, int64_t count) {
  activate_row(epilogue, row, count);
}

}  // namespace convoy::kernels
