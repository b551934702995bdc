// Copies and fills of strided tensors on several threads, and kernels made of them.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "runtime/op/op.h"

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

// How output j of a re-arranging node reads a plain input 0 that lies in memory as described.
using Viewer = std::function<std::optional<ViewSpec>(const TensorDesc& input, int j)>;
// Makes the viewer of a node; an empty one when an operand that it depends on is not known.
using ViewReader = Viewer (*)(const KernelRequest&);

// The kernel that copies what the viewer reads, and the definition's `view`. The viewer must read
// any strides.
void define_by_view(OpDef& definition, ViewReader read);

}  // namespace convoy
