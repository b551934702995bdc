#include "ops/kernels/conv/conv_channels.h"
#include "ops/kernels/conv/conv_depthwise.h"
#include "ops/kernels/conv/conv_depthwise_sums.h"
#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/conv_tile.h"
#include "ops/kernels/conv/conv_vector.h"
#include "ops/kernels/conv/conv_winograd.h"
#include "ops/kernels/conv/conv_winograd_pixels.h"
#include "ops/kernels/simd/vector.h"

namespace convoy::kernels {

namespace {

using Vector = PortableVector<simd::Floats, simd::Ints, simd::kLanes>;

constexpr ConvKernels make_kernels() {
  ConvKernels kernels = kernels_of<Vector>(activate_row_generic);
  add_tiles<Vector, 4, 2>(kernels);
  add_tiles<Vector, 3, 3>(kernels);
  add_tiles<Vector, 2, 4>(kernels);
  add_tiles<Vector, 1, 8>(kernels);
  add_channels<Vector, 1, 12>(kernels);
  add_channels<Vector, 2, 6>(kernels);
  add_channels<Vector, 3, 4>(kernels);
  kernels.store_channels = store_channels<Vector>;
  kernels.store_pixels = store_pixels<Vector>;
  kernels.depthwise = depthwise<Vector>;
  add_winograd<Vector>(kernels);
  add_winograd_pixels<Vector, 3>(kernels);
  return kernels;
}

constexpr ConvKernels kKernels = make_kernels();

}  // namespace

const ConvKernels& generic_conv_kernels() { return kKernels; }

}  // namespace convoy::kernels
