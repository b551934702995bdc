// What gathering and scattering operators have in common on a GPU: rows at places that are known
// while planning, since a GPU has no way to complain about an index.
#pragma once

#include <vector>

#include "ops/kernels/index/reduce_into.h"
#include "runtime/op/kernel.h"

namespace convoy {

// Where each index of GatherElements and ScatterElements, on `axis` of contiguous data, points to.
// Throws kInvalidInput for one that is out of bounds.
std::vector<int64_t> element_offsets(const Tensor& indices, const Shape& data, int axis);

// output(0)[r, i] = input(0)[offsets[r] + i]; offsets count elements.
std::unique_ptr<Kernel> make_row_picks(KernelRequest& request, const std::vector<int64_t>& offsets,
                                       int64_t inner);

// output(0) is input(0), but for rows that are combined with those of input(2). Refuses rows that
// meet, and reductions of other types than float32.
std::unique_ptr<Kernel> make_row_scatter(KernelRequest& request,
                                         const std::vector<int64_t>& offsets, int64_t inner,
                                         ScatterReduction reduction);

}  // namespace convoy
