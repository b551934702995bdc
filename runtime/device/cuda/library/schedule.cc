#include "runtime/device/cuda/library/schedule.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace gpu::emulated {

Schedule Schedule::from_environment() {
  const char* setting = std::getenv("CONVOY_CUDA_EMULATION");
  const std::string_view text = setting == nullptr ? "" : setting;
  if (text == "reverse") return {Order::kReverse, 0};
  if (!text.starts_with("random")) return {};
  Schedule schedule{Order::kRandom, 1};
  if (text.starts_with("random:")) {
    std::from_chars(text.data() + 7, text.data() + text.size(), schedule.seed);
  }
  return schedule;
}

void arrange(std::vector<size_t>& numbers, Order order, std::mt19937_64& random) {
  if (order == Order::kReverse) std::reverse(numbers.begin(), numbers.end());
  if (order == Order::kRandom) std::shuffle(numbers.begin(), numbers.end(), random);
}

}  // namespace gpu::emulated
