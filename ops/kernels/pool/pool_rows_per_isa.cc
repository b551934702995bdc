#include "ops/kernels/pool/pool_planes_body.h"
#include "ops/kernels/pool/pool_rows.h"
#include "ops/kernels/pool/pool_rows_body.h"

namespace convoy::kernels {

const PoolRows CONVOY_PER_ISA(pool_rows) = {combine<Max>,     combine<Add>, pool_plane<VMax>,
                                            pool_plane<VAdd>, max_of,       sum_of};

}  // namespace convoy::kernels
