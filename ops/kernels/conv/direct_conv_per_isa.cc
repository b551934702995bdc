#include "ops/kernels/conv/direct_conv_loops.h"

namespace convoy::kernels {
namespace {

using simd::Vector;

// The tiles whose sums and operands fit the registers: 32 of 16 lanes, 16 of 8, 16 of 4.
constexpr ConvKernels make_kernels() {
#if defined(__AVX512F__)
  ConvKernels kernels = kernels_of<Vector, 6>(CONVOY_PER_ISA(activate_row));
  add_tiles<Vector, 8, 3>(kernels);
  add_tiles<Vector, 7, 3>(kernels);
  add_tiles<Vector, 6, 4>(kernels);
  add_tiles<Vector, 5, 5>(kernels);
  add_tiles<Vector, 4, 6>(kernels);
  add_tiles<Vector, 3, 8>(kernels);
  add_tiles<Vector, 2, 8>(kernels);
  add_tiles<Vector, 1, 8>(kernels);
  add_channels<Vector, 1, 14>(kernels);
  add_channels<Vector, 2, 12>(kernels);
  add_channels<Vector, 3, 8>(kernels);
#else
  ConvKernels kernels = kernels_of<Vector, 3>(CONVOY_PER_ISA(activate_row));
#if defined(__AVX2__)
  add_tiles<Vector, 6, 2>(kernels);
  add_tiles<Vector, 5, 2>(kernels);
  add_tiles<Vector, 4, 3>(kernels);
  add_tiles<Vector, 3, 4>(kernels);
  add_tiles<Vector, 2, 6>(kernels);
#else
  add_tiles<Vector, 4, 2>(kernels);
  add_tiles<Vector, 3, 3>(kernels);
  add_tiles<Vector, 2, 4>(kernels);
#endif
  add_tiles<Vector, 1, 8>(kernels);
  add_channels<Vector, 1, 12>(kernels);
  add_channels<Vector, 2, 6>(kernels);
  add_channels<Vector, 3, 4>(kernels);
#endif
  return kernels;
}

}  // namespace

constinit const ConvKernels CONVOY_PER_ISA(conv_kernels) = make_kernels();

}  // namespace convoy::kernels
