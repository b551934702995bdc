// What tiles cost, by estimate.
#pragma once

#include <algorithm>

#include "ops/kernels/conv/conv_kernels.h"

namespace convoy::kernels {

// Cycles for one term of a tile of channels x vectors along pixels on a core with two FMA and two
// load units and an FMA latency of four. Loads that cross a cache line count twice.
inline double tile_cycles(const ConvKernels& kernels, int64_t channels, int64_t vectors) {
  const double crossing = 1.0 + (kernels.lanes - 1) / 16.0;
  const double arithmetic = channels * vectors / 2.0;
  const double loads = (channels + vectors * crossing) / 2.0;
  return std::max({arithmetic, loads, 4.0});
}

// The same of a panel of output channels, in vectors, and pixels. Pixels are broadcast from memory,
// in vectors of 512 bits hardly more than one a cycle.
inline double panel_cycles(const ConvKernels& kernels, double vectors, double pixels) {
  const double loads = kernels.lanes == 16 ? (vectors + pixels) / 1.4 : (vectors + pixels + 1) / 2;
  return std::max({vectors * pixels / 2, loads, 4.0});
}

// Cycles for one term of a whole row of so many vectors, cut as evenly as ConvRun cuts it.
inline double row_cycles(const ConvKernels& kernels, int64_t channels, int64_t vectors) {
  const int64_t most = kernels.max_vectors[channels];
  const int64_t tiles = (vectors + most - 1) / most;
  const int64_t base = vectors / tiles, larger = vectors % tiles;
  double cycles = (tiles - larger) * tile_cycles(kernels, channels, base);
  if (larger) cycles += larger * tile_cycles(kernels, channels, base + 1);
  return cycles;
}

}  // namespace convoy::kernels
