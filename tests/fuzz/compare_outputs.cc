#include "tests/fuzz/compare_outputs.h"

#include <algorithm>
#include <cmath>

namespace convoy::testing {
namespace {

// Inputs are around 1.
constexpr double kSmallest = 1e-2;
constexpr double kSmallestHalf = 0.5;

}  // namespace

std::string difference(const std::vector<Value>& actual, const std::vector<Value>& expected,
                       double tolerance) {
  for (size_t k = 0; k < expected.size(); ++k) {
    Tensor a = actual[k].tensor().contiguous();
    Tensor b = expected[k].tensor().contiguous();
    if (!(a.shape() == b.shape()) || a.dtype() != b.dtype()) {
      return fmt::format("output {} is {}, expected {}", k, to_string(a.desc()),
                         to_string(b.desc()));
    }
    std::vector<double> x = to_doubles(a);
    std::vector<double> y = to_doubles(b);
    double largest = tolerance > kFloatTolerance ? kSmallestHalf : kSmallest;
    double off = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      if (std::isfinite(x[i]) != std::isfinite(y[i])) {
        return fmt::format("output {} has {}, expected {}", k, x[i], y[i]);
      }
      if (!std::isfinite(y[i])) continue;
      largest = std::max(largest, std::abs(y[i]));
      off = std::max(off, std::abs(x[i] - y[i]));
    }
    if (off > tolerance * largest) {
      return fmt::format("output {} differs by {:.3g} of {:.3g}", k, off, largest);
    }
  }
  return "";
}

Feeds nudged(const Feeds& feeds, float by) {
  Feeds moved;
  for (const auto& [name, value] : feeds) {
    const Tensor& from = value.tensor();
    if (from.dtype() != DType::kFloat32) {
      moved.emplace_back(name, value);
      continue;
    }
    Tensor to = from.contiguous().clone();
    float* x = to.mutable_data<float>();
    for (int64_t i = 0; i < to.count(); ++i) x[i] *= 1 + (i % 2 == 0 ? by : -by);
    moved.emplace_back(name, to);
  }
  return moved;
}

}  // namespace convoy::testing
