// Between plain and channel-blocked tensors.
#pragma once

#include "runtime/base/parallel_for.h"
#include "runtime/tensor/tensor_view.h"

namespace convoy {

// Copies elements between views of equal dtype and shape; either may be plain with any strides, or
// channel-blocked (rank ≥ 2; blocks may differ). Padding of a blocked target is set to zero.
// Throws kUnsupported for strings in a blocked layout.
void convert_layout(const TensorView& from, const TensorView& to, ThreadPool& threads);

}  // namespace convoy
