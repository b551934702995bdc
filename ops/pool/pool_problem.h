// What MaxPool, AveragePool and LpPool have in common.
#pragma once

#include <memory>

#include "ops/conv/window.h"
#include "runtime/op/kernel.h"

namespace convoy {

enum class PoolKind { kMax, kAverage, kLp };

struct PoolProblem {
  PoolKind kind = PoolKind::kMax;
  Window window;
  int64_t batch = 0;
  int64_t channels = 0;
  Shape output;  // of Y
  bool count_include_pad = false;
  bool column_major = false;  // of the indices that MaxPool gives
  int64_t p = 2;              // of LpPool

  // How many positions of the window at `at` an average counts: those of the input, with
  // count_include_pad also those of the padding. At least 1.
  int64_t counted(const Dims& at) const;
  // The same along one axis, where output position `o` is; may be 0.
  int64_t counted_along(int axis, int64_t o) const;
};

// Reads the node's attributes for an X of that shape; the window is the whole input for the
// operators named Global…. Throws kInvalidModel or kInvalidInput.
PoolProblem read_pool(const Node& node, const Shape& x, PoolKind kind);

// Candidates, fastest first. MaxPool's indices come from the reference only.
std::unique_ptr<Kernel> make_planes_pool(KernelRequest& request, const PoolProblem& problem);
std::unique_ptr<Kernel> make_rows_pool(KernelRequest& request, const PoolProblem& problem);
std::unique_ptr<Kernel> make_plane_pool(KernelRequest& request, const PoolProblem& problem);
std::unique_ptr<Kernel> make_byte_pool(KernelRequest& request, const PoolProblem& problem);
std::unique_ptr<Kernel> make_reference_pool(KernelRequest& request, const PoolProblem& problem);
// On a GPU, float32.
std::unique_ptr<Kernel> make_cuda_pool(KernelRequest& request, const PoolProblem& problem);

}  // namespace convoy
