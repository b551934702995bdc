#include "ops/kernels/fft/fft.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/error.h"

#ifdef CONVOY_HAS_KISSFFT
#include <kissfft.hh>
#endif

namespace convoy {

#ifdef CONVOY_HAS_KISSFFT

struct Fft::Library {
  kissfft<double> plan;
};

bool fft_available() { return true; }

Fft::Fft(int64_t n, bool inverse) : n_(n) {
  check_input(n > 0, "a Fourier transform of length {} does not exist", n);
  library_ = std::make_unique<Library>(Library{kissfft<double>(static_cast<size_t>(n), inverse)});
}

Fft::Fft(const Fft& other) : n_(other.n_), library_(std::make_unique<Library>(*other.library_)) {}

void Fft::transform(const Complex* x, Complex* y) { library_->plan.transform(x, y); }

#else

struct Fft::Library {};

bool fft_available() { return false; }

Fft::Fft(int64_t n, bool) : n_(n) {
  fail(ErrorCode::kUnsupported, "this build has no FFT library");
}

Fft::Fft(const Fft& other) : n_(other.n_) {}

void Fft::transform(const Complex*, Complex*) {}

#endif

Fft::~Fft() = default;

// Of the line in the real, or the imaginary, parts of x.
void Fft::transform_real(const Complex* x, bool imaginary, Complex* y, int64_t bins) {
  std::vector<Complex> line(static_cast<size_t>(n_));
  for (size_t i = 0; i < line.size(); ++i) line[i] = imaginary ? x[i].imag() : x[i].real();
  transform(line.data(), pair_.data());
  std::copy_n(pair_.begin(), bins, y);
}

void Fft::transform_real_pair(const Complex* x, Complex* a, Complex* b, int64_t bins) {
  pair_.resize(static_cast<size_t>(n_));
  const bool finite = std::all_of(x, x + n_, [](Complex value) {
    return std::isfinite(value.real()) && std::isfinite(value.imag());
  });
  if (!finite) {
    transform_real(x, false, a, bins);
    return transform_real(x, true, b, bins);
  }
  transform(x, pair_.data());
  for (int64_t k = 0; k < bins; ++k) {
    const Complex here = pair_[static_cast<size_t>(k)];
    const Complex mirror = std::conj(pair_[static_cast<size_t>(k == 0 ? 0 : n_ - k)]);
    a[k] = 0.5 * (here + mirror);
    const Complex difference = 0.5 * (here - mirror);
    b[k] = Complex(difference.imag(), -difference.real());
  }
}

FftWorkers::Lease FftWorkers::take() {
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      Worker* worker = free_.back().release();
      free_.pop_back();
      return Lease(worker, {this});
    }
  }
  std::vector<Complex> line(static_cast<size_t>(size()));
  return Lease(new Worker{plan_, line, line, line, line}, {this});
}

void FftWorkers::give_back(Worker* worker) {
  std::lock_guard lock(mutex_);
  free_.emplace_back(worker);
}

}  // namespace convoy
