// Types of what convolutions, pools, Resize and Upsample give, while sizes may still be symbolic:
// by the rules of runtime/graph/window.h and resize_sizes.h, in place of ONNX's own inference.
#pragma once

#include <vector>

#include "runtime/graph/graph.h"
#include "runtime/onnx/symbolic_context.h"

namespace convoy {

// Is the node one of these?
bool has_window_types(const Node& node);

// One type an output, of `node` with its references to attributes replaced, which has_window_types.
// Sizes that are unknown may get symbols of our own (size_names.h). Throws where attributes make no
// sense or sizes do not fit.
std::vector<ValueType> window_types(const InferenceScope& scope, const Node& node);

}  // namespace convoy
