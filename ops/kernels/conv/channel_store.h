// Output channels that were summed side by side, on their way to the output of a convolution.
#pragma once

#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/direct_conv.h"

namespace convoy::kernels {

// Rows of outputs where the problem has them; what is read, the channels and the places are left to
// the caller. Rows that follow each other become one.
inline ChannelStore store_of(const ConvProblem& problem, int64_t rows, int64_t columns) {
  const ConvWindow& window = problem.spatial[1];
  const ConvClamp clamp = clamp_of(problem.epilogue);
  ChannelStore store = {};
  store.rows = rows;
  store.columns = columns;
  store.y_row = window.output_stride;
  store.y_channel = problem.out_channel_stride;
  store.residual_row = window.residual_stride;
  store.residual_channel = problem.residual_channel_stride;
  store.clamp = clamp.use;
  store.low = clamp.low;
  store.high = clamp.high;
  if (store.y_row == columns && (!problem.has_residual || store.residual_row == columns)) {
    store.columns *= store.rows;
    store.rows = 1;
  }
  return store;
}

// What is left of the epilogue, over what was stored.
inline void finish_store(const ConvKernels& kernels, const Epilogue& epilogue,
                         const ChannelStore& store) {
  if (!is_apart(epilogue)) return;
  for (int64_t o = 0; o < store.channels; ++o)
    for (int64_t row = 0; row < store.rows; ++row)
      kernels.activate(epilogue, store.y + o * store.y_channel + row * store.y_row, store.columns);
}

}  // namespace convoy::kernels
