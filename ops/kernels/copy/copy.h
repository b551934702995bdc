// Copies and fills of strided tensors on several threads.
#pragma once

#include "runtime/base/parallel_for.h"
#include "runtime/device/tensor_view.h"

namespace convoy {

// copy_elements on all threads of the pool. The views must not overlap, except that elements of
// `from` may repeat (stride 0).
void copy_parallel(const TensorView& from, const TensorView& to, ThreadPool& threads);

// Sets every element of `to` (plain, any strides) to the one at `element`, of to's type.
void fill_parallel(const TensorView& to, const void* element, ThreadPool& threads);

// `view` read with another shape and strides, `offset` elements further on.
TensorView moved_view(const TensorView& view, const Shape& shape, const Strides& strides,
                      int64_t offset);

// `length` indices from `begin` on, every `step`-th, along one axis. Unchecked.
TensorView sliced_view(const TensorView& view, int axis, int64_t begin, int64_t length,
                       int64_t step = 1);

}  // namespace convoy
