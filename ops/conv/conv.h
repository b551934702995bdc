// The attributes of Conv and of the private FusedConv, for kernels and rewrites.
//
// ai.convoy::FusedConv(X, W, B?, residual?) -> Y
//   Y = f(Conv(X, W, B) + residual). All attributes of Conv, and those of ops/conv/epilogue.h.
//   residual has exactly the shape of Y. float32, float64, float16, bfloat16.
#pragma once

#include "ops/conv/epilogue.h"
#include "ops/conv/window.h"
#include "runtime/op/op.h"

namespace convoy {

struct ConvAttributes {
  WindowAttributes window;
  int64_t group = 1;
};

// Reads the attributes that Conv has; the caller calls finish().
ConvAttributes read_conv_attributes(AttributeReader& attributes);

// One convolution on concrete sizes: X[batch, in_channels, input…], W[out_channels,
// in_channels / groups, kernel…], Y[batch, out_channels, output…].
struct ConvShape {
  int64_t batch = 0;
  int64_t groups = 1;
  int64_t in_channels = 0;   // of all groups
  int64_t out_channels = 0;  // of all groups
  Window window;

  int64_t group_in() const { return in_channels / groups; }
  int64_t group_out() const { return out_channels / groups; }
  Shape output_shape() const;
};

// Throws kInvalidModel or kInvalidInput when the shapes do not fit together.
ConvShape resolve_conv(const ConvAttributes& attributes, const Shape& x, const Shape& w);

// OpDef::infer of an operator with the attributes of Conv (others are left alone).
struct ConvSlots {
  size_t x = 0;
  size_t w = 1;
  int type_of = 0;  // the input that has the type of Y; -1: int32
};
void infer_conv(InferRequest& request, const ConvSlots& slots);

}  // namespace convoy
