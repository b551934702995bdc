// DFT, opset 17 to 28: the axis is an attribute (default 1) below opset 20, then an input (default
// -2). The last dimension holds the real part, or the real and imaginary part.

#include <optional>

#include "ops/kernels/fft/fft.h"
#include "ops/kernels/fft/float_fft.h"
#include "ops/row_offsets.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct Dft {
  bool inverse = false;
  bool onesided = false;
  int axis = 0;
  int64_t n = 0;      // length of the transform
  int64_t given = 0;  // values of the input along the axis, of which min(given, needed) are used
  int64_t returned = 0;
  int64_t components_in = 1;
  int64_t components_out = 2;
  int64_t outer = 1;
  int64_t inner = 1;  // lines side by side

  bool to_real() const { return inverse && onesided; }
};

std::optional<int64_t> scalar(const KernelRequest& request, int i) {
  auto values = request.constant_int64s(i);
  if (!values) return std::nullopt;
  check_input(values->size() == 1, "input {} has {} elements, expected one", i, values->size());
  return (*values)[0];
}

Dft complete(Dft dft, const Shape& in, const Shape& out, int64_t axis,
             std::optional<int64_t> length) {
  check_input(in.rank() >= 2, "input of rank {}, expected at least 2", in.rank());
  dft.axis = normalize_axis(axis, in.rank());
  check_input(dft.axis < in.rank() - 1, "axis {} is that of the components", axis);
  dft.given = in[dft.axis];
  dft.components_in = in.back();
  check_input(dft.components_in == 1 || dft.components_in == 2,
              "the last dimension is {}, expected 1 or 2", dft.components_in);
  dft.n = length ? *length : dft.to_real() ? 2 * (dft.given - 1) : dft.given;
  check_input(dft.n > 0, "the length of the transform is {}", dft.n);
  dft.returned = dft.onesided && !dft.inverse ? dft.n / 2 + 1 : dft.n;
  dft.components_out = dft.to_real() ? 1 : 2;
  for (int i = 0; i < in.rank() - 1; ++i) {
    if (i != dft.axis) (i < dft.axis ? dft.outer : dft.inner) *= in[i];
  }
  const int64_t elements = checked_multiply(checked_multiply(dft.outer, dft.returned),
                                            checked_multiply(dft.inner, dft.components_out));
  check_input(element_count(out) == elements, "output {} does not fit length {} on axis {}",
              to_string(out), dft.n, dft.axis);
  return dft;
}

// Fills n values: from the line, then zeros; for a one-sided spectrum the mirrored half.
template <typename T>
void read_line(const Dft& dft, const T* x, Complex* line) {
  const int64_t stride = dft.inner * dft.components_in;
  const int64_t needed = dft.to_real() ? dft.n / 2 + 1 : dft.n;
  for (int64_t k = 0; k < needed; ++k) {
    const T* at = x + k * stride;
    line[k] = k < dft.given ? Complex(static_cast<double>(at[0]),
                                      dft.components_in == 2 ? static_cast<double>(at[1]) : 0.0)
                            : Complex();
  }
  if (!dft.to_real()) return;
  line[0] = line[0].real();
  for (int64_t k = needed; k < dft.n; ++k) line[k] = std::conj(line[dft.n - k]);
  if (dft.n % 2 == 0) line[dft.n / 2] = line[dft.n / 2].real();
}

template <typename T>
void write_line(const Dft& dft, const Complex* line, T* y) {
  using Work = std::conditional_t<std::is_same_v<T, double>, double, float>;
  const double scale = dft.inverse ? 1.0 / static_cast<double>(dft.n) : 1.0;
  const int64_t stride = dft.inner * dft.components_out;
  for (int64_t k = 0; k < dft.returned; ++k) {
    T* at = y + k * stride;
    at[0] = static_cast<T>(static_cast<Work>(line[k].real() * scale));
    if (dft.components_out == 2) at[1] = static_cast<T>(static_cast<Work>(line[k].imag() * scale));
  }
}

// Complex lines of float32 in float32.
void run_complex(const Dft& dft, const FloatFft& fft, KernelContext& context) {
  const auto* x = context.input(0).as<float>();
  auto* y = context.output(0).as<float>();
  const float scale = dft.inverse ? 1.0f / static_cast<float>(dft.n) : 1.0f;
  const int64_t grain = std::max<int64_t>(1, 4096 / dft.n);
  const int64_t stride = dft.inner * 2;
  context.threads().parallel_for(dft.outer * dft.inner, grain, [&](int64_t begin, int64_t end) {
    std::vector<FloatFft::Value> memory(static_cast<size_t>(2 * dft.n));
    FloatFft::Value* line = memory.data();
    for (int64_t i = begin; i < end; ++i) {
      const float* from = x + (i / dft.inner * dft.given * dft.inner + i % dft.inner) * 2;
      float* to = y + (i / dft.inner * dft.returned * dft.inner + i % dft.inner) * 2;
      for (int64_t k = 0; k < dft.n; ++k) {
        const float* at = from + k * stride;
        line[k] = k < dft.given ? FloatFft::Value(at[0], at[1]) : FloatFft::Value();
      }
      fft.transform(line, line + dft.n);
      for (int64_t k = 0; k < dft.returned; ++k) {
        to[k * stride] = line[k].real() * scale;
        to[k * stride + 1] = line[k].imag() * scale;
      }
    }
  });
}

template <typename T>
void run(const Dft& dft, FftWorkers& workers, KernelContext& context) {
  const T* x = context.input(0).as<T>();
  T* y = context.output(0).as<T>();
  const int64_t grain = std::max<int64_t>(1, 2048 / dft.n);
  const bool real = dft.components_in == 1;
  context.threads().parallel_for(dft.outer * dft.inner, grain, [&](int64_t begin, int64_t end) {
    FftWorkers::Lease worker = workers.take();
    auto& [fft, line, other, first, second] = *worker;
    auto source = [&](int64_t i) {
      return x + (i / dft.inner * dft.given * dft.inner + i % dft.inner) * dft.components_in;
    };
    auto target = [&](int64_t i) {
      return y + (i / dft.inner * dft.returned * dft.inner + i % dft.inner) * dft.components_out;
    };
    for (int64_t i = begin; i < end; ++i) {
      read_line(dft, source(i), line.data());
      if (real && !dft.inverse && i + 1 < end) {
        read_line(dft, source(i + 1), other.data());
        for (size_t k = 0; k < line.size(); ++k) line[k].imag(other[k].real());
        fft.transform_real_pair(line.data(), first.data(), second.data(), dft.returned);
        write_line(dft, first.data(), target(i));
        write_line(dft, second.data(), target(++i));
      } else {
        fft.transform(line.data(), first.data());
        write_line(dft, first.data(), target(i));
      }
    }
  });
}

// nullptr where the transform is made in double.
std::shared_ptr<const FloatFft> plan_in_float(const Dft& dft, DType dtype) {
  const bool complex = dft.components_in == 2 && dft.components_out == 2;
  if (!complex || dtype != DType::kFloat32 || !FloatFft::takes(dft.n)) return nullptr;
  return std::make_shared<const FloatFft>(dft.n, dft.inverse);
}

std::unique_ptr<Kernel> make_dft(KernelRequest& request) {
  if (!fft_available()) return request.refuse("this build has no FFT library");
  const bool old = request.node().version < 20;
  AttributeReader attributes = request.attributes();
  Dft dft;
  dft.inverse = attributes.integer("inverse", 0) != 0;
  dft.onesided = attributes.integer("onesided", 0) != 0;
  const int64_t default_axis = old ? attributes.integer("axis", 1) : -2;
  attributes.finish();
  const bool known = (!request.has_input(1) || request.constant(1) != nullptr) &&
                     (old || !request.has_input(2) || request.constant(2) != nullptr);
  std::shared_ptr<FftWorkers> plan;
  std::shared_ptr<const FloatFft> float_plan;
  if (known) {
    const int64_t axis = old ? default_axis : scalar(request, 2).value_or(default_axis);
    dft = complete(dft, request.input(0).shape, request.output(0).shape, axis, scalar(request, 1));
    plan = std::make_shared<FftWorkers>(dft.n, dft.inverse);
    float_plan = plan_in_float(dft, request.input(0).dtype);
  }
  return make_kernel([dft, plan, float_plan, default_axis, old](KernelContext& context) {
    if (context.output(0).count() == 0) return;
    if (float_plan) return run_complex(dft, *float_plan, context);
    Dft complete_dft = dft;
    std::shared_ptr<FftWorkers> fft = plan;
    if (!fft) {
      auto read = [&](int i) -> std::optional<int64_t> {
        if (!context.has_input(i)) return std::nullopt;
        check_input(context.input(i).count() == 1, "input {} is no scalar", i);
        return to_int64s(Tensor::borrow(context.input(i)))[0];
      };
      const int64_t axis = old ? default_axis : read(2).value_or(default_axis);
      complete_dft = complete(dft, context.input(0).shape, context.output(0).shape, axis, read(1));
      auto in_float = plan_in_float(complete_dft, context.input(0).dtype);
      if (in_float) return run_complex(complete_dft, *in_float, context);
      fft = std::make_shared<FftWorkers>(complete_dft.n, complete_dft.inverse);
    }
    visit_floating(context.input(0).dtype, [&](auto tag) {
      run<typename decltype(tag)::type>(complete_dft, *fft, context);
    });
  });
}

}  // namespace

void register_dft(Registry& registry) { registry.add("DFT").kernel("reference", make_dft); }

}  // namespace convoy
