// What one core can do, measured.
#pragma once

namespace convoy {

// Floating-point operations a second of fused multiply-adds, the best of a few rounds; 0 where
// the machine has none that this knows of.
double measure_fma_peak();

// Bytes a second that one core reads from memory, the best of a few rounds.
double measure_read_bandwidth();

// Fills every cache with numbers that nobody wants.
void evict_caches();

}  // namespace convoy
