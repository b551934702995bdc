// Random numbers as NumPy's RandomState draws them, which ONNX's reference uses.
#pragma once

#include <random>

namespace convoy {

// Uniform in [0, 1) with 53 random bits, from two words of the generator (the recipe of
// genrand_res53 in Matsumoto and Nishimura's MT19937).
inline double next_unit(std::mt19937& engine) {
  auto high = static_cast<double>(engine() >> 5);
  auto low = static_cast<double>(engine() >> 6);
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

}  // namespace convoy
