// The seed of a run's share of random tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>

namespace convoy::testing {

// CONVOY_FUZZ_SEED, or else another one each minute.
inline uint64_t fuzz_seed() {
  if (const char* wanted = std::getenv("CONVOY_FUZZ_SEED")) {
    return std::strtoull(wanted, nullptr, 10);
  }
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::minutes>(now).count());
}

}  // namespace convoy::testing
