// The discrete Fourier transform in float32, for lengths made of the factors 2, 3 and 5: half the
// memory of Fft, at the precision of its values.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

namespace convoy {

class FloatFft {
 public:
  using Value = std::complex<float>;

  static bool takes(int64_t n);

  // y[k] = Σ x[j] · e^(∓2πi·jk/n), without a factor. takes(n) must hold.
  FloatFft(int64_t n, bool inverse);

  int64_t size() const { return n_; }
  // n values in place; `other` has room for as many. Thread-safe.
  void transform(Value* line, Value* other) const;

 private:
  template <int radix>
  void pass(const Value* from, Value* to, int64_t before, int64_t inner) const;

  int64_t n_;
  float sign_;  // of the exponent
  std::vector<int> radices_;
  std::vector<Value> roots_;  // e^(∓2πi·k/n)
};

}  // namespace convoy
