// A convolution in groups on strided operands, as kernels of any device take it.
#pragma once

#include <cstdint>

#include "ops/kernels/epilogue.h"
#include "runtime/base/sized_window.h"

namespace convoy::kernels {

// All strides below count elements, not bytes. They may be zero or negative for the input and the
// residual; distinct output positions must be distinct elements.

// One axis over which whole convolutions are repeated.
struct ConvLoop {
  int64_t size = 1;
  int64_t input_stride = 0;
  int64_t output_stride = 0;
  int64_t residual_stride = 0;
};

// One axis of groups. With shared_weights every index along it uses the same weights and bias.
struct ConvGroup : ConvLoop {
  bool shared_weights = false;
};

// One spatial axis.
struct ConvWindow : SizedWindow {
  int64_t input_stride = 0;
  int64_t output_stride = 0;
  int64_t residual_stride = 0;
};

// What input, residual and output hold. Of 16-bit floats the sums are float32 all the same.
enum class ConvElement { float32, float16, bfloat16 };

// A convolution of rank 1 to 3: y[n, g, oc, o] = f(bias[g, oc] + sum over ic, k of
// w[g, oc, ic, k] * x[n, g, ic, o * stride + k * dilation - pad] + residual[n, g, oc, o]).
// spatial[0 .. rank - 1] is outermost first.
struct ConvProblem {
  ConvLoop batch[2];
  ConvGroup group[2];        // outer, inner; weights are indexed by the axes that do not share them
  int64_t in_channels = 1;   // of one group
  int64_t out_channels = 1;  // of one group
  int64_t in_channel_stride = 0;
  int64_t out_channel_stride = 0;
  int64_t residual_channel_stride = 0;
  int rank = 1;
  ConvWindow spatial[3];
  bool has_residual = false;
  ConvElement element = ConvElement::float32;
  Epilogue epilogue;
};

}  // namespace convoy::kernels
