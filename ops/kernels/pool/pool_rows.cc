#include "ops/kernels/pool/pool_rows.h"

#include "runtime/device/cpu_features.h"

namespace convoy::kernels {

extern const PoolRows kPoolRowsGeneric;
#if defined(__x86_64__)
extern const PoolRows kPoolRowsAvx2;
extern const PoolRows kPoolRowsAvx512;
#endif

const PoolRows& pool_rows([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return kPoolRowsAvx512;
  if (isa == Isa::kAvx2) return kPoolRowsAvx2;
#endif
  return kPoolRowsGeneric;
}

}  // namespace convoy::kernels
