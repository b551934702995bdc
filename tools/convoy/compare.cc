#include "tools/convoy/compare.h"

#include <cmath>
#include <limits>

namespace convoy::cli {
namespace {

std::string position(const Shape& shape, size_t flat) {
  Dims index = Dims::filled(shape.rank(), 0);
  auto rest = static_cast<int64_t>(flat);
  for (int i = shape.rank() - 1; i >= 0; --i) {
    index[i] = rest % shape[i];
    rest /= shape[i];
  }
  return to_string(index);
}

std::vector<double> numbers(const Tensor& tensor) {
  if (tensor.dtype() == DType::kBool) {
    auto integers = to_int64s(tensor);
    return {integers.begin(), integers.end()};
  }
  if (tensor.dtype() == DType::kComplex64 || tensor.dtype() == DType::kComplex128) {
    Tensor source = tensor.contiguous();
    bool single = tensor.dtype() == DType::kComplex64;
    std::vector<double> parts(static_cast<size_t>(tensor.count()) * 2);
    for (size_t i = 0; i < parts.size(); ++i) {
      parts[i] = single ? static_cast<const float*>(source.raw())[i]
                        : static_cast<const double*>(source.raw())[i];
    }
    return parts;
  }
  return to_doubles(tensor);
}

bool is_number_like(DType dtype) {
  return is_floating(dtype) || is_signed_integer(dtype) || is_unsigned_integer(dtype) ||
         dtype == DType::kBool || dtype == DType::kComplex64 || dtype == DType::kComplex128;
}

std::string compare_tensors(const Tensor& actual, const Tensor& expected,
                            const Tolerance& tolerance) {
  if (actual.dtype() != expected.dtype() || !(actual.shape() == expected.shape())) {
    return fmt::format("is {}, expected {}", to_string(actual.desc()), to_string(expected.desc()));
  }
  if (!is_number_like(actual.dtype())) {
    return identical(actual, expected) ? "" : "differs from what was expected";
  }
  std::vector<double> a = numbers(actual);
  std::vector<double> b = numbers(expected);
  size_t wrong = 0;
  size_t worst = 0;
  double largest = -1;
  for (size_t i = 0; i < a.size(); ++i) {
    if ((std::isnan(a[i]) && std::isnan(b[i])) || a[i] == b[i]) continue;
    double difference = std::abs(a[i] - b[i]);
    if (difference <= tolerance.atol + tolerance.rtol * std::abs(b[i])) continue;
    ++wrong;
    if (!(difference <= largest)) {
      largest = std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference;
      worst = i;
    }
  }
  if (wrong == 0) return "";
  return fmt::format("differs by {:.3g} at {} ({:.6g}, expected {:.6g}); {} of {} elements differ",
                     largest, position(actual.shape(), worst), a[worst], b[worst], wrong, a.size());
}

}  // namespace

std::string compare(const Value& actual, const Value& expected, const Tolerance& tolerance) {
  if (expected.is_tensor() && actual.is_tensor()) {
    return compare_tensors(actual.tensor(), expected.tensor(), tolerance);
  }
  if (expected.is_optional() || actual.is_optional()) {
    auto unwrap = [](const Value& value) {
      if (!value.is_optional()) return value;
      return value.optional().empty() ? Value() : *value.optional().element;
    };
    Value a = unwrap(actual);
    Value b = unwrap(expected);
    if (!a.defined() || !b.defined()) {
      return a.defined() == b.defined() ? "" : "is empty on one side only";
    }
    return compare(a, b, tolerance);
  }
  if (expected.is_sequence() && actual.is_sequence()) {
    const auto& a = actual.sequence().elements;
    const auto& b = expected.sequence().elements;
    if (a.size() != b.size()) {
      return fmt::format("has {} elements, expected {}", a.size(), b.size());
    }
    for (size_t i = 0; i < a.size(); ++i) {
      std::string difference = compare(a[i], b[i], tolerance);
      if (!difference.empty()) return fmt::format("element {} {}", i, difference);
    }
    return "";
  }
  return "is of another kind than expected";
}

double largest_relative_difference(const Tensor& actual, const Tensor& expected) {
  std::vector<double> a = numbers(actual);
  std::vector<double> b = numbers(expected);
  double difference = 0;
  double magnitude = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isfinite(a[i]) != std::isfinite(b[i])) return std::numeric_limits<double>::infinity();
    if (!std::isfinite(b[i])) continue;
    difference = std::max(difference, std::abs(a[i] - b[i]));
    magnitude = std::max(magnitude, std::abs(b[i]));
  }
  return difference == 0 ? 0 : difference / std::max(magnitude, 1e-30);
}

}  // namespace convoy::cli
