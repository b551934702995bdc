#include "ops/kernels/pool/pool_rows.h"

#include <algorithm>

#include "runtime/device/machine.h"

namespace convoy::kernels {

extern const PoolRows kPoolRowsGeneric;
#if defined(__x86_64__)
extern const PoolRows kPoolRowsAvx2;
extern const PoolRows kPoolRowsAvx512;
#endif

int64_t pool_scratch_row(const PoolPlane& plane) {
  constexpr int64_t kVector = 16;
  const int64_t outputs = (plane.output_row + kVector - 1) / kVector * kVector;
  const int64_t read = (outputs + kVector) * plane.stride + plane.kernel * plane.dilation;
  const int64_t written = plane.left + plane.input_row;
  return (std::max(read, written) + 2 * kVector) / kVector * kVector;
}

const PoolRows& pool_rows([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return kPoolRowsAvx512;
  if (isa == Isa::kAvx2) return kPoolRowsAvx2;
#endif
  return kPoolRowsGeneric;
}

}  // namespace convoy::kernels
