// STFT, opset 17 to 28: Fourier transforms of windowed frames of a signal [batch, length] or
// [batch, length, 1 or 2], to [batch, frames, bins, 2].

#include "ops/kernels/fft/fft.h"
#include "ops/kernels/index/index.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct Stft {
  int64_t batch = 0;
  int64_t length = 0;
  int64_t components = 1;
  int64_t frame_length = 0;
  int64_t frame_step = 1;
  int64_t frames = 0;
  int64_t bins = 0;
};

Stft read_sizes(const KernelContext& context) {
  const TensorView& signal = context.input(0);
  const TensorView& spectrum = context.output(0);
  check_input(signal.rank() == 2 || signal.rank() == 3, "signal has rank {}, expected 3",
              signal.rank());
  check_input(spectrum.rank() == 4, "output has rank {}, expected 4", spectrum.rank());
  Stft stft;
  stft.batch = signal.shape[0];
  stft.length = signal.shape[1];
  stft.components = signal.rank() == 3 ? signal.shape[2] : 1;
  check_input(stft.components == 1 || stft.components == 2,
              "the last dimension of signal is {}, expected 1 or 2", stft.components);
  stft.frame_step = single_index(context.input(1), "frame_step");
  stft.frame_length = stft.length;
  if (context.has_input(2)) stft.frame_length = context.input(2).count();
  if (context.has_input(3)) {
    const int64_t given = single_index(context.input(3), "frame_length");
    check_input(!context.has_input(2) || given == stft.frame_length,
                "frame_length is {} but the window has {} elements", given, stft.frame_length);
    stft.frame_length = given;
  }
  check_input(stft.frame_step > 0, "frame_step is {}", stft.frame_step);
  check_input(stft.frame_length > 0, "frame_length is {}", stft.frame_length);
  stft.frames = spectrum.shape[1];
  stft.bins = spectrum.shape[2];
  check_model(spectrum.shape[0] == stft.batch && spectrum.shape[3] == 2,
              "the output has shape {} for {} signals", to_string(spectrum.shape), stft.batch);
  check_input(stft.frames == 0 || checked_add(checked_multiply(stft.frames - 1, stft.frame_step),
                                              stft.frame_length) <= stft.length,
              "{} frames of {} at steps of {} do not fit a signal of {}", stft.frames,
              stft.frame_length, stft.frame_step, stft.length);
  check_input(stft.bins <= stft.frame_length, "{} bins from frames of {}", stft.bins,
              stft.frame_length);
  return stft;
}

template <typename T>
void run(const Stft& stft, FftWorkers& workers, KernelContext& context) {
  using Work = std::conditional_t<std::is_same_v<T, double>, double, float>;
  const T* signal = context.input(0).as<T>();
  T* spectrum = context.output(0).as<T>();
  const T* window = context.has_input(2) ? context.input(2).as<T>() : nullptr;
  auto write = [&](int64_t frame, const std::vector<Complex>& line) {
    T* to = spectrum + frame * stft.bins * 2;
    for (int64_t k = 0; k < stft.bins; ++k) {
      to[2 * k] = static_cast<T>(static_cast<Work>(line[static_cast<size_t>(k)].real()));
      to[2 * k + 1] = static_cast<T>(static_cast<Work>(line[static_cast<size_t>(k)].imag()));
    }
  };
  auto source = [&](int64_t frame) {
    return signal + (frame / stft.frames * stft.length + frame % stft.frames * stft.frame_step) *
                        stft.components;
  };
  auto frames = [&](int64_t begin, int64_t end) {
    FftWorkers::Lease worker = workers.take();
    auto& [fft, line, other, first, second] = *worker;
    for (int64_t i = begin; i < end; ++i) {
      const bool pair = stft.components == 1 && i + 1 < end;
      const T* a = source(i);
      const T* b = pair ? source(i + 1) : a + 1;
      const int64_t step = stft.components;
      const bool imaginary = pair || stft.components == 2;
      for (int64_t k = 0; k < stft.frame_length; ++k) {
        const double weight = window ? static_cast<double>(window[k]) : 1.0;
        line[static_cast<size_t>(k)] =
            Complex(static_cast<double>(a[k * step]) * weight,
                    imaginary ? static_cast<double>(b[k * step]) * weight : 0.0);
      }
      if (pair) {
        fft.transform_real_pair(line.data(), first.data(), second.data(), stft.bins);
        write(i, first);
        write(++i, second);
      } else {
        fft.transform(line.data(), first.data());
        write(i, first);
      }
    }
  };
  const int64_t grain = std::max<int64_t>(2, 4096 / stft.frame_length);
  context.threads().parallel_for(stft.batch * stft.frames, grain, frames);
}

// The frame length where it is known before the run; 0 otherwise.
int64_t planned_length(const KernelRequest& request) {
  if (request.has_input(2)) return request.input(2).count();
  if (!request.has_input(3)) return request.input(0).shape[1];
  auto given = request.constant_int64s(3);
  return given && given->size() == 1 ? (*given)[0] : 0;
}

std::unique_ptr<Kernel> make_stft(KernelRequest& request) {
  if (!fft_available()) return request.refuse("this build has no FFT library");
  AttributeReader attributes = request.attributes();
  attributes.integer("onesided", 1);  // the output's shape tells
  attributes.finish();
  std::shared_ptr<FftWorkers> plan;
  const int64_t length = planned_length(request);
  if (length > 0) plan = std::make_shared<FftWorkers>(length, false);
  return make_kernel([plan](KernelContext& context) {
    if (context.output(0).count() == 0) return;
    const Stft stft = read_sizes(context);
    std::shared_ptr<FftWorkers> fft = plan;
    if (!fft || fft->size() != stft.frame_length) {
      fft = std::make_shared<FftWorkers>(stft.frame_length, false);
    }
    visit_floating(context.input(0).dtype,
                   [&](auto tag) { run<typename decltype(tag)::type>(stft, *fft, context); });
  });
}

}  // namespace

void register_stft(Registry& registry) { registry.add("STFT").kernel("reference", make_stft); }

}  // namespace convoy
