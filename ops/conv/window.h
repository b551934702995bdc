// The attributes of a sliding window, read from a node.
#pragma once

#include "runtime/graph/window.h"
#include "runtime/op/attribute_reader.h"

namespace convoy {

// Reads auto_pad, kernel_shape, strides, dilations and pads. Throws kInvalidModel for an unknown
// auto_pad.
WindowAttributes read_window(AttributeReader& attributes);

}  // namespace convoy
