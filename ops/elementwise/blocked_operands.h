// Channel-blocked operands of elementwise kernels, seen as plain ones with one more axis.
#pragma once

#include "runtime/op/kernel.h"

namespace convoy::elementwise {

// The block that the kernel should work in: that of an input which has the shape of the outputs,
// provided all operands are float32 or 16-bit floats and each can be read in that block. 0 for
// plain.
int common_block(const KernelRequest& request, std::span<const TensorDesc> inputs, int outputs);

// States the demands for a kernel that works in `block`, and returns how operand `desc` (with the
// layout that was demanded) is read: [d0, ceil(d1/block), d2 …, block] for an output of that shape.
// A plain operand broadcasts as it is.
TensorDesc blocked_desc(const TensorDesc& desc, const Shape& output, int block, bool is_blocked);

// True if input `desc` is to be demanded in the blocked layout, false if it is read as it is.
bool reads_blocked(const TensorDesc& desc, const Shape& output);

// Zeroes the channels of a blocked tensor beyond its shape.
void clear_padding(const TensorView& view);

}  // namespace convoy::elementwise
