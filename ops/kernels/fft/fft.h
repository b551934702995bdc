// The discrete Fourier transform of one line, by KISS FFT.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/base/fork.h"

namespace convoy {

using Complex = std::complex<double>;

// False when the build found no FFT library: Fft then throws kUnsupported.
bool fft_available();

// y[k] = Σ x[j] · e^(∓2πi·jk/n), without a factor. Not thread-safe: each thread takes a copy.
class Fft {
 public:
  Fft(int64_t n, bool inverse);
  Fft(const Fft& other);
  ~Fft();

  int64_t size() const { return n_; }
  // n values each; x and y must not overlap.
  void transform(const Complex* x, Complex* y);
  // The transforms of two real lines at once: x holds one in its real, one in its imaginary parts.
  // The first `bins` values of each go to a and b. Infinities and NaN of one do not reach the
  // other.
  void transform_real_pair(const Complex* x, Complex* a, Complex* b, int64_t bins);

 private:
  struct Library;
  int64_t n_;
  std::unique_ptr<Library> library_;
  std::vector<Complex> pair_;

  void transform_real(const Complex* x, bool imaginary, Complex* y, int64_t bins);
};

// Transforms of one length with memory for their lines, which runs take and give back: only as many
// are made as ever were in use at once. Thread-safe.
class FftWorkers {
 public:
  struct Worker {
    Fft fft;
    std::vector<Complex> line, other, first, second;  // of the transform's length
  };
  struct GiveBack {
    FftWorkers* workers;
    void operator()(Worker* worker) const { workers->give_back(worker); }
  };
  using Lease = std::unique_ptr<Worker, GiveBack>;

  FftWorkers(int64_t n, bool inverse) : plan_(n, inverse) {}

  int64_t size() const { return plan_.size(); }
  Lease take();

 private:
  void give_back(Worker* worker);

  Fft plan_;
  ForkSafeMutex mutex_;
  std::vector<std::unique_ptr<Worker>> free_;
};

}  // namespace convoy
