#include "ops/kernels/fft/float_fft.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace convoy {
namespace {

using Value = FloatFft::Value;

// Plain products: operator* of std::complex looks for infinities.
Value times(Value a, Value b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}
Value rotated(Value a) { return {-a.imag(), a.real()}; }  // times i

float unit_cos(int turns, int of) {
  return static_cast<float>(std::cos(2 * std::numbers::pi * turns / of));
}
float unit_sin(int turns, int of) {
  return static_cast<float>(std::sin(2 * std::numbers::pi * turns / of));
}

// The transform of `radix` values in place. `sign` is that of the exponent.
template <int radix>
void butterfly(Value* v, float sign) {
  if constexpr (radix == 2) {
    const Value difference = v[0] - v[1];
    v[0] += v[1];
    v[1] = difference;
  } else if constexpr (radix == 3) {
    static const float c = unit_cos(1, 3), s = unit_sin(1, 3);
    const Value sum = v[1] + v[2];
    const Value side = rotated((v[1] - v[2]) * (sign * s));
    const Value middle = v[0] + sum * c;
    v[0] += sum;
    v[1] = middle + side;
    v[2] = middle - side;
  } else if constexpr (radix == 4) {
    const Value even = v[0] + v[2], even_difference = v[0] - v[2];
    const Value odd = v[1] + v[3], odd_difference = rotated(v[1] - v[3]) * sign;
    v[0] = even + odd;
    v[1] = even_difference + odd_difference;
    v[2] = even - odd;
    v[3] = even_difference - odd_difference;
  } else {
    static const float c1 = unit_cos(1, 5), c2 = unit_cos(2, 5);
    static const float s1 = unit_sin(1, 5), s2 = unit_sin(2, 5);
    const Value outer = v[1] + v[4], outer_difference = v[1] - v[4];
    const Value inner = v[2] + v[3], inner_difference = v[2] - v[3];
    const Value first = v[0] + outer * c1 + inner * c2;
    const Value second = v[0] + outer * c2 + inner * c1;
    const Value first_side =
        rotated(outer_difference * (sign * s1) + inner_difference * (sign * s2));
    const Value second_side =
        rotated(outer_difference * (sign * s2) - inner_difference * (sign * s1));
    v[0] = v[0] + outer + inner;
    v[1] = first + first_side;
    v[4] = first - first_side;
    v[2] = second + second_side;
    v[3] = second - second_side;
  }
}

int next_radix(int64_t n) { return n % 4 == 0 ? 4 : n % 2 == 0 ? 2 : n % 3 == 0 ? 3 : 5; }

}  // namespace

bool FloatFft::takes(int64_t n) {
  if (n < 1) return false;
  for (int radix : {2, 3, 5}) {
    while (n % radix == 0) n /= radix;
  }
  return n == 1;
}

FloatFft::FloatFft(int64_t n, bool inverse) : n_(n), sign_(inverse ? 1.0f : -1.0f) {
  for (int64_t left = n; left > 1; left /= radices_.back()) {
    radices_.push_back(next_radix(left));
  }
  roots_.resize(static_cast<size_t>(n));
  for (int64_t k = 0; k < n; ++k) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n);
    roots_[static_cast<size_t>(k)] = {static_cast<float>(std::cos(angle)),
                                      sign_ * static_cast<float>(std::sin(angle))};
  }
}

// Stockham's order: from [before][radix][inner] to [radix][before][inner].
template <int radix>
void FloatFft::pass(const Value* from, Value* to, int64_t before, int64_t inner) const {
  for (int64_t k = 0; k < before; ++k) {
    for (int64_t i = 0; i < inner; ++i) {
      Value v[radix];
      for (int j = 0; j < radix; ++j) v[j] = from[i + inner * (j + radix * k)];
      butterfly<radix>(v, sign_);
      for (int j = 0; j < radix; ++j) {
        const Value root = roots_[static_cast<size_t>(j * before * i)];
        to[i + inner * (k + before * j)] = i == 0 || j == 0 ? v[j] : times(v[j], root);
      }
    }
  }
}

void FloatFft::transform(Value* line, Value* other) const {
  Value* from = line;
  Value* to = other;
  int64_t before = 1;
  for (int radix : radices_) {
    const int64_t inner = n_ / before / radix;
    switch (radix) {
      case 2: pass<2>(from, to, before, inner); break;
      case 3: pass<3>(from, to, before, inner); break;
      case 4: pass<4>(from, to, before, inner); break;
      default: pass<5>(from, to, before, inner); break;
    }
    before *= radix;
    std::swap(from, to);
  }
  if (from != line) std::copy(from, from + n_, line);
}

}  // namespace convoy
