#include "ops/kernels/quantized/quantized_rows.h"

namespace convoy {

const QuantizedRows& quantized_rows(Isa isa) { return CONVOY_OF_ISA(isa, quantized_rows); }

}  // namespace convoy
