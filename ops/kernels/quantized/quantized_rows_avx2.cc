#include "ops/kernels/quantized/quantized_rows_body.h"

namespace convoy {

const QuantizedRows quantized_rows_avx2 = kQuantizedRows;

}  // namespace convoy
