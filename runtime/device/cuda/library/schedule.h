// In which order the emulation runs blocks, and the threads in them.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace gpu::emulated {

enum class Order { kForward, kReverse, kRandom };

struct Schedule {
  Order order = Order::kForward;
  uint64_t seed = 1;

  // What CONVOY_CUDA_EMULATION says; forward where it says nothing that is known.
  static Schedule from_environment();
};

void arrange(std::vector<size_t>& numbers, Order order, std::mt19937_64& random);

}  // namespace gpu::emulated
