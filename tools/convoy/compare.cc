#include "tools/convoy/compare.h"

#include <cmath>
#include <limits>
#include <map>

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

// Entries are compared by key, whatever their order.
template <typename Key>
std::string compare_entries(const std::vector<Key>& a, const Map& actual, const std::vector<Key>& b,
                            const Map& expected, const Tolerance& tolerance) {
  std::map<Key, int64_t> position;
  for (size_t i = 0; i < a.size(); ++i) position[a[i]] = static_cast<int64_t>(i);
  auto entry = [](const Map& map, int64_t i) {
    const Tensor values = map.values.contiguous();
    return values.sub_view(i, TensorDesc::contiguous(values.dtype(), {}));
  };
  for (size_t i = 0; i < b.size(); ++i) {
    auto found = position.find(b[i]);
    if (found == position.end()) return fmt::format("has no key {}", b[i]);
    std::string difference = compare_tensors(entry(actual, found->second),
                                             entry(expected, static_cast<int64_t>(i)), tolerance);
    if (!difference.empty()) return fmt::format("at key {} {}", b[i], difference);
  }
  return "";
}

std::string compare_maps(const Map& actual, const Map& expected, const Tolerance& tolerance) {
  if (actual.values.count() != expected.values.count()) {
    return fmt::format("has {} keys, expected {}", actual.values.count(), expected.values.count());
  }
  if (actual.values.count() == 0) return "";
  if (actual.keys.index() != expected.keys.index()) return "has keys of another type";
  return std::visit(
      [&](const auto& b) {
        const auto& a = std::get<std::decay_t<decltype(b)>>(actual.keys);
        return compare_entries(a, actual, b, expected, tolerance);
      },
      expected.keys);
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
  if (expected.is_map() && actual.is_map()) {
    return compare_maps(actual.map(), expected.map(), tolerance);
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
