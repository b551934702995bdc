// Rotary position embedding: pairs of numbers of a head turned by angles that grow with the
// position.
#pragma once

#include <cstdint>

namespace convoy {

// y = x turned, for `pairs` pairs, which are neighbours where interleaved and `pairs` apart
// otherwise; the rest of `size` numbers is copied. x may be y.
inline void rotate(const float* x, float* y, int64_t size, const float* cosines, const float* sines,
                   int64_t pairs, bool interleaved) {
  const int64_t step = interleaved ? 2 : 1;
  const int64_t apart = interleaved ? 1 : pairs;
  for (int64_t i = 0; i < pairs; ++i) {
    const float a = x[i * step];
    const float b = x[i * step + apart];
    y[i * step] = a * cosines[i] - b * sines[i];
    y[i * step + apart] = b * cosines[i] + a * sines[i];
  }
  if (x == y) return;
  for (int64_t i = 2 * pairs; i < size; ++i) y[i] = x[i];
}

}  // namespace convoy
