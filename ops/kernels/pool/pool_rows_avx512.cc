#include "ops/kernels/pool/pool_rows.h"

#include "ops/kernels/pool/pool_rows_body.h"

namespace convoy::kernels {

extern const PoolRows kPoolRowsAvx512;
const PoolRows kPoolRowsAvx512 = {combine<Max>, combine<Add>, max_of, sum_of};

}  // namespace convoy::kernels
