#include <cstdint>
#include <cstring>

#include "ops/kernels/conv/direct_conv_loops.h"
#include "tests/ops/kernels/conv/reference_conv.h"

namespace convoy::kernels {

namespace {

// GCC splits operations on it into those that the machine has; a struct with loops over its lanes
// takes minutes to compile.
using Wide = float __attribute__((vector_size(64)));

using WideBits = int32_t __attribute__((vector_size(64)));

struct WideVector : simd::PortableVector<Wide, WideBits, 16> {
  static reg load_n(const float* p, int64_t n) {
    reg x{};
    std::memcpy(&x, p, static_cast<size_t>(n) * sizeof(float));
    return x;
  }
  static reg load_masked(const float* p, lane_mask m) {
    float lanes[16] = {};
    for (int64_t i = m.begin; i < m.end; ++i) lanes[i] = p[i];
    return load(lanes);
  }
  static void store_n(float* p, reg x, int64_t n) {
    std::memcpy(p, &x, static_cast<size_t>(n) * sizeof(float));
  }
  static reg min(reg a, reg b) { return a < b ? a : b; }
  static reg max(reg a, reg b) { return b < a ? a : b; }
};

// Fewer tiles and shorter blocks than kernels of 16 lanes have: each takes seconds to compile.
constexpr ConvKernels make_kernels() {
  ConvKernels result = kernels_of<WideVector, 2>(activate_row_generic);
  add_tiles<WideVector, 8, 1>(result);
  add_tiles<WideVector, 7, 1>(result);
  add_tiles<WideVector, 6, 1>(result);
  add_tiles<WideVector, 5, 1>(result);
  add_tiles<WideVector, 4, 2>(result);
  add_tiles<WideVector, 3, 2>(result);
  add_tiles<WideVector, 2, 2>(result);
  add_tiles<WideVector, 1, 4>(result);
  add_channels<WideVector, 1, 5>(result);
  add_channels<WideVector, 2, 4>(result);
  add_channels<WideVector, 3, 3>(result);
  return result;
}

constexpr ConvKernels kKernels = make_kernels();

}  // namespace

const ConvKernels& emulated_conv_kernels() { return kKernels; }

}  // namespace convoy::kernels
