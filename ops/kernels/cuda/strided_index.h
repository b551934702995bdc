// From a row-major index to the offset of a strided tensor's element.
#pragma once

#include <cstdint>

namespace convoy::cuda {

struct StridedIndex {
  static constexpr int kMaxAxes = 8;

  int32_t rank = 0;
  int64_t size[kMaxAxes] = {};
  int64_t stride[kMaxAxes] = {};
};

}  // namespace convoy::cuda
