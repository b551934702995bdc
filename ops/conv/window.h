// The sliding window of convolutions and pools: the attributes that describe it, and what they mean
// for one input size.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/base/shape.h"
#include "runtime/op/attribute_reader.h"

namespace convoy {

enum class AutoPad { kNotSet, kValid, kSameUpper, kSameLower };

// As written in the model; an empty list stands for the default of every axis.
struct WindowAttributes {
  AutoPad auto_pad = AutoPad::kNotSet;
  std::vector<int64_t> kernel_shape;
  std::vector<int64_t> strides;
  std::vector<int64_t> dilations;
  std::vector<int64_t> pads;  // all begins, then all ends
};

// Reads auto_pad, kernel_shape, strides, dilations and pads. Throws kInvalidModel for an unknown
// auto_pad.
WindowAttributes read_window(AttributeReader& attributes);

// The window on concrete sizes; every list has one entry a spatial axis. Output position o reads
// input positions o * stride + k * dilation - pad_begin for k in [0, kernel).
struct Window {
  Dims input;
  Dims output;
  Dims kernel;
  Dims strides;
  Dims dilations;
  Dims pads_begin;
  Dims pads_end;

  int rank() const { return input.rank(); }
  int64_t kernel_volume() const { return element_count(kernel); }
  // Positions from the first to the last tap, inclusive.
  int64_t extent(int axis) const { return dilations[axis] * (kernel[axis] - 1) + 1; }
  // The taps [first, last) of output position o that lie inside the input; first >= last if none.
  int64_t first_tap(int axis, int64_t o) const;
  int64_t last_tap(int axis, int64_t o) const;
};

// Resolves defaults and auto_pad. `input` and `kernel` are the spatial sizes. The output is the
// floor of the usual formula (ceil_mode: its ceiling, without windows that start in the padding at
// the end). Throws kInvalidModel when a list has the wrong length or an entry makes no sense.
Window resolve_window(const WindowAttributes& attributes, const Dims& input, const Dims& kernel,
                      bool ceil_mode = false);

// The sizes of axes 2 and up.
Dims spatial_sizes(const Shape& shape);

}  // namespace convoy
