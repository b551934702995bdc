// Operators that only re-arrange: read in place where strides allow, copied otherwise.
#pragma once

#include <functional>
#include <optional>

#include "runtime/op/op.h"

namespace convoy {

// How output j of a re-arranging node reads a plain input 0 that lies in memory as described.
using Viewer = std::function<std::optional<ViewSpec>(const TensorDesc& input, int j)>;
// Makes the viewer of a node; an empty one when an operand that it depends on is not known.
using ViewReader = Viewer (*)(const KernelRequest&);

// The kernel that copies what the viewer reads, and the definition's `view`. The viewer must read
// any strides.
void define_by_view(OpDef& definition, ViewReader read);

}  // namespace convoy
