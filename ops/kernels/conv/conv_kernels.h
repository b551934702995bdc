// What a kernel file for one instruction set provides to direct_conv.cc.
#pragma once

#include <cstdint>

#include "ops/kernels/conv/direct_conv.h"

namespace convoy::kernels {

// One block of output channels over a run of outputs along the last axis:
// y[o][i] = clamp(bias[o] + sum over t < terms of weights[t][o] * x[offsets[t] + i]
//                 + residual[o][i])
// for begin <= i < limit, in tiles of the width of the function called. The tiles start one after
// the other; the last is moved back to end at limit. Only where limit < lanes is a tile cut short,
// and then all lanes of x must still be readable.
struct ConvTile {
  const float* x;
  const int64_t* offsets;
  int64_t terms;
  const float* weights;
  const float* bias;  // may be null
  float* y;
  int64_t y_stride;
  const float* residual;  // may be null
  int64_t residual_stride;
  int64_t begin;
  int64_t tiles;
  int64_t limit;
  bool clamp;
  float low;
  float high;
};

using ConvTileFunction = void (*)(const ConvTile&);

constexpr int kMaxOcBlock = 8;
constexpr int kMaxVectors = 8;

struct ConvKernels {
  int lanes;
  int registers;
  int max_oc_block;
  // Widest tile, in vectors, for a block of so many output channels; 0 where there is none.
  int max_vectors[kMaxOcBlock + 1];
  ConvTileFunction tile[kMaxOcBlock + 1][kMaxVectors + 1];

  // dst[i] = src[(start + i * step) * stride] for 0 <= i < count; 0 where start + i * step is
  // outside [0, size).
  void (*pack_row)(float* dst, int64_t count, const float* src, int64_t size, int64_t stride,
                   int64_t start, int64_t step);

  // Applies the activation to count contiguous elements in place.
  void (*activate)(ConvActivation activation, float alpha, float beta, float* row, int64_t count);
};

const ConvKernels& generic_conv_kernels();
// Only on x86-64; null where the compiler's flags were not given. Whether the processor can run
// them is the caller's matter.
const ConvKernels* avx2_conv_kernels();
const ConvKernels* avx512_conv_kernels();
// The kernels for isa, or for best_isa() where that is lower.
const ConvKernels& conv_kernels(Isa isa);

}  // namespace convoy::kernels
