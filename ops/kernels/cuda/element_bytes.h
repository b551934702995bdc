// Kernels that move elements of any type by their size. For kernels alone.
#pragma once

#include <cstdint>

namespace convoy::cuda {

// launch(T{}) for the unsigned integer of so many bytes; -1 where there is none.
template <typename Launch>
int launch_for_bytes(int element_bytes, const Launch& launch) {
  switch (element_bytes) {
    case 1: return launch(uint8_t{});
    case 2: return launch(uint16_t{});
    case 4: return launch(uint32_t{});
    case 8: return launch(uint64_t{});
  }
  return -1;
}

}  // namespace convoy::cuda
