#include "ops/kernels/pool/pool_rows.h"

#include <algorithm>

namespace convoy::kernels {

int64_t pool_scratch_row(const PoolPlane& plane) {
  constexpr int64_t kVector = 16;
  const int64_t outputs = (plane.output_row + kVector - 1) / kVector * kVector;
  const int64_t read = (outputs + kVector) * plane.stride + plane.kernel * plane.dilation;
  const int64_t written = plane.left + plane.input_row;
  return (std::max(read, written) + 2 * kVector) / kVector * kVector;
}

const PoolRows& pool_rows(Isa isa) { return CONVOY_OF_ISA(isa, pool_rows); }

}  // namespace convoy::kernels
