// A copy of a tensor with its padding written out, for kernels that cannot imagine it.
#pragma once

#include <cstdint>

#include "ops/conv/window.h"
#include "runtime/base/parallel_for.h"

namespace convoy {

// Planes of positions of `width` floats (1 in plain tensors, the block in channel-blocked ones).
struct SourcePadding {
  int64_t planes = 0;
  int64_t width = 1;
  Dims input;
  Dims padded;
  Dims begin;  // zeros before the input on each axis

  // The padding of `window`, none of which may be negative.
  static SourcePadding of(const Window& window, int64_t planes, int64_t width);

  int64_t floats() const;
  void copy(const float* from, float* to, ThreadPool& threads) const;
};

}  // namespace convoy
