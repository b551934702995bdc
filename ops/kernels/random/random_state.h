// Random numbers as NumPy's RandomState draws them, which ONNX's reference uses.
#pragma once

#include <cmath>
#include <random>

namespace convoy {

// Uniform in [0, 1) with 53 random bits, from two words of the generator (the recipe of
// genrand_res53 in Matsumoto and Nishimura's MT19937).
inline double next_unit(std::mt19937& engine) {
  auto high = static_cast<double>(engine() >> 5);
  auto low = static_cast<double>(engine() >> 6);
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

// Normal with mean 0 and deviation 1, by Marsaglia's polar method.
class NormalSource {
 public:
  explicit NormalSource(std::mt19937& engine) : engine_(engine) {}

  double next() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    double x = 0;
    double y = 0;
    double square = 0;
    do {
      x = 2 * next_unit(engine_) - 1;
      y = 2 * next_unit(engine_) - 1;
      square = x * x + y * y;
    } while (square >= 1 || square == 0);
    double factor = std::sqrt(-2 * std::log(square) / square);
    spare_ = factor * x;
    has_spare_ = true;
    return factor * y;
  }

 private:
  std::mt19937& engine_;
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace convoy
