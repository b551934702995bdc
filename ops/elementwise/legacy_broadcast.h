// Broadcasting as the operators of two operands had it before opset 7: only the second operand is
// repeated, and it may be aligned with axes in the middle of the first.
#pragma once

#include "runtime/op/kernel.h"

namespace convoy::elementwise {

// Reads `broadcast` and `axis` where the node's opset has them. Returns how many axes of size 1 are
// to be appended to input 1, so that broadcasting aligns the rest.
int read_legacy_broadcast(const KernelRequest& request, AttributeReader& attributes);

// `desc` with that many axes appended.
TensorDesc with_trailing_axes(const TensorDesc& desc, int count);

}  // namespace convoy::elementwise
