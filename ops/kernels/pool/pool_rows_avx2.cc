#include "ops/kernels/pool/pool_rows.h"

#include "ops/kernels/pool/pool_planes_body.h"
#include "ops/kernels/pool/pool_rows_body.h"

namespace convoy::kernels {

extern const PoolRows kPoolRowsAvx2;
const PoolRows kPoolRowsAvx2 = {combine<Max>,     combine<Add>, pool_plane<VMax>,
                                pool_plane<VAdd>, max_of,       sum_of};

}  // namespace convoy::kernels
