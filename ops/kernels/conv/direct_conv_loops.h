// All kernels for a vector type but the tiles, of which there are as many as its registers hold.
#pragma once

#include "ops/kernels/conv/conv_channels.h"
#include "ops/kernels/conv/conv_depthwise.h"
#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/conv_tile.h"
#include "ops/kernels/conv/conv_winograd.h"
#include "ops/kernels/conv/conv_winograd_pixels.h"
#include "ops/kernels/simd/vector_type.h"

namespace convoy::kernels {
namespace {

// The tables are constants: code that fills them would run before anyone asks whether it may.
// Winograd's pairs go by at most kPairChannels output channels.
template <class V, int kPairChannels>
constexpr ConvKernels kernels_of(ActivateRow* activate) {
  ConvKernels kernels = {};
  kernels.lanes = V::lanes;
  kernels.pack = pack<V>;
  kernels.activate = activate;
  kernels.store_channels = store_channels<V>;
  kernels.store_pixels = store_pixels<V>;
  kernels.depthwise = depthwise<V>;
  add_winograd<V>(kernels);
  add_winograd_pixels<V, kPairChannels>(kernels);
  return kernels;
}

}  // namespace
}  // namespace convoy::kernels
