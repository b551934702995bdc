// Sliding windows of convolutions and pools, and the sizes that follow from them. Operators,
// inference and rewrites all ask here.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "runtime/base/window.h"
#include "runtime/graph/value_type.h"

namespace convoy {

struct Node;

enum class AutoPad { kNotSet, kValid, kSameUpper, kSameLower };

// Throws kInvalidModel for a name that ONNX does not have; "" is NOTSET.
AutoPad auto_pad_named(std::string_view name);

// As written in the model; an empty list stands for the default of every axis.
struct WindowAttributes {
  AutoPad auto_pad = AutoPad::kNotSet;
  std::vector<int64_t> kernel_shape;
  std::vector<int64_t> strides;
  std::vector<int64_t> dilations;
  std::vector<int64_t> pads;  // all begins, then all ends; only NOTSET reads them

  bool pads_to_same() const {
    return auto_pad == AutoPad::kSameUpper || auto_pad == AutoPad::kSameLower;
  }
};

// The node's own. Throws as auto_pad_named does.
WindowAttributes window_of(const Node& node);

// Axis `axis` of `rank`, its padding as NOTSET or VALID say it and 0 for SAME_UPPER and SAME_LOWER.
// Throws kInvalidModel when a list has the wrong length or an entry makes no sense.
AxisWindow axis_window(const WindowAttributes& attributes, int axis, int rank, int64_t kernel);

// Pads the window as SAME_UPPER (or SAME_LOWER) does on an input of that length; at stride 1 the
// length does not matter.
void pad_to_same(AxisWindow& window, int64_t input, bool upper);

// Axis `axis` of `rank` with its padding on an input of that length, -1 if unknown; nullopt where
// SAME_UPPER or SAME_LOWER would have to know it, or cannot pad 0 positions. Throws as axis_window.
std::optional<AxisWindow> padded_window(const WindowAttributes& attributes, int axis, int rank,
                                        int64_t kernel, int64_t input);

// How many windows there are on an axis of `input` positions, padding set: the floor of
// (input + pads - extent) / stride + 1. ceil_mode: its ceiling, less a last window that would start
// behind the input, at every opset, as PyTorch and ONNX Runtime have it. Throws kInvalidInput,
// naming both lengths, when not even one fits.
int64_t window_count(const AxisWindow& window, int64_t input, bool ceil_mode);

// The same where sizes may be open: unknown, or, of an input with a symbol, that symbol where
// padding keeps the size, else "?window(height-1,2)" for (height - 1) / 2 + 1 rounded down.
Dimension window_count(const WindowAttributes& attributes, int axis, int rank,
                       const Dimension& input, const Dimension& kernel, bool ceil_mode);

// Resolves defaults and auto_pad on spatial sizes. Throws as axis_window and window_count do.
Window resolve_window(const WindowAttributes& attributes, const Dims& input, const Dims& kernel,
                      bool ceil_mode = false);

// What ConvTranspose has besides.
struct TransposedAttributes {
  WindowAttributes window;
  std::vector<int64_t> output_padding;
  std::vector<int64_t> output_shape;  // of the spatial axes, or of all
};

// One axis of where ConvTranspose puts its results. output_shape and SAME_* say how large the
// output is, input * stride for the latter, and the padding follows from that: pad_end is what is
// cut off at the end, negative where the output goes on. Throws kInvalidModel, and kInvalidInput
// for an output of no positions.
SizedWindow transposed_axis(const TransposedAttributes& attributes, int axis, int rank,
                            int64_t input, int64_t kernel);

Window resolve_transposed(const TransposedAttributes& attributes, const Dims& input,
                          const Dims& kernel);

// The sizes of axes 2 and up.
Dims spatial_sizes(const Shape& shape);

}  // namespace convoy
