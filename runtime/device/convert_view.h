// Copies that bring a tensor into another form: strides, channel blocks, the width of its floats.
#pragma once

#include <vector>

#include "runtime/base/parallel_for.h"
#include "runtime/device/tensor_view.h"

namespace convoy {

// Copies elements between views of equal shape. Of equal dtype: either may be plain with any
// strides, or channel-blocked (rank ≥ 2; blocks may differ); padding of a blocked target is set to
// zero. Between a 16-bit float and float32: both contiguous, or both blocked alike; rounds to
// nearest even. The memory is such as the caller may read and write, wherever it is. Throws
// kUnsupported for strings in a blocked layout, kInternal for anything else.
void convert_view(const TensorView& from, const TensorView& to, ThreadPool& threads);

// The forms that lead from one to another, which is the last of them: each is one convert_view()
// away from the one before, or the same bytes on another device. Between devices it is the host
// that converts, but for what makes strided elements dense where they are.
std::vector<TensorDesc> conversion_path(const TensorDesc& from, const TensorDesc& to);

}  // namespace convoy
