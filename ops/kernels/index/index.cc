#include "ops/kernels/index/index.h"

namespace convoy {

void check_indices(const TensorView& indices, int64_t size, int64_t* out, ThreadPool& threads) {
  check_input(indices.dtype == DType::kInt64 || indices.dtype == DType::kInt32,
              "indices of type {}", to_string(indices.dtype));
  threads.parallel_for(indices.count(), 32768, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) out[i] = checked_index(index_at(indices, i), size);
  });
}

}  // namespace convoy
