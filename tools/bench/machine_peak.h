// What one core can do, measured.
#pragma once

#include <chrono>
#include <cstddef>

namespace convoy {

// Runs from when it is made.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Floating-point operations a second of fused multiply-adds, the best of a few rounds; 0 where
// the machine has none that this knows of.
double measure_fma_peak();

// Bytes a second that one core reads from memory, the best of a few rounds.
double measure_read_bandwidth();

// Fills every cache with numbers that nobody wants.
void evict_caches();
// How many bytes of them there are: four times what the last cache holds, as far as the system
// says.
size_t evicting_bytes();

}  // namespace convoy
