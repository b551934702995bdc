// Indices from tensors, checked once before a kernel trusts them.
#pragma once

#include <cstdint>

#include "runtime/base/parallel_for.h"
#include "runtime/device/tensor_view.h"

namespace convoy {

// Element `i` of a contiguous int32 or int64 tensor; throws kInvalidInput for another type.
inline int64_t index_at(const TensorView& indices, int64_t i) {
  if (indices.dtype == DType::kInt64) return indices.as<int64_t>()[i];
  check_input(indices.dtype == DType::kInt32, "indices of type {}", to_string(indices.dtype));
  return indices.as<int32_t>()[i];
}

// The only element of `view`; throws kInvalidInput, calling it `what`, when there is not just one.
inline int64_t single_index(const TensorView& view, const char* what) {
  check_input(view.count() == 1, "{} has {} elements, not one", what, view.count());
  return index_at(view, 0);
}

// An index into an axis of `size`; negative ones count from its end. Throws kInvalidInput naming
// the index outside of [-size, size).
inline int64_t checked_index(int64_t index, int64_t size) {
  int64_t wrapped = index < 0 ? index + size : index;
  check_input(wrapped >= 0 && wrapped < size, "index {} is out of bounds for an axis of length {}",
              index, size);
  return wrapped;
}

// checked_index of every element, written to out[0 … indices.count()). `indices` is a contiguous
// int32 or int64 tensor.
void check_indices(const TensorView& indices, int64_t size, int64_t* out, ThreadPool& threads);

}  // namespace convoy
