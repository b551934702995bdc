#include "ops/rewrites/channel_constants.h"

#include <algorithm>
#include <cmath>

#include "ops/batching/stack_constants.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

int64_t inner_count(const Tensor& tensor, int axis) {
  int64_t count = 1;
  for (int i = axis + 1; i < tensor.rank(); ++i) count *= tensor.shape()[i];
  return count;
}

// Of a floating tensor; infinity where a number is not finite.
double largest_magnitude(const Tensor& tensor) {
  double largest = 0;
  const Tensor plain = tensor.contiguous();
  visit_floating(plain.dtype(), [&](auto tag) {
    for (auto number : plain.values<typename decltype(tag)::type>()) {
      const double magnitude = std::abs(static_cast<double>(number));
      largest = std::isfinite(magnitude) ? std::max(largest, magnitude) : HUGE_VAL;
      if (largest == HUGE_VAL) return;
    }
  });
  return largest;
}

template <typename ChannelOf>
Tensor scaled(const Tensor& weights, std::span<const double> factors, ChannelOf channel_of) {
  Tensor result = weights.clone();
  visit_floating(result.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* data = result.mutable_data<T>();
    for (int64_t i = 0; i < result.count(); ++i) {
      double factor = factors[static_cast<size_t>(channel_of(i))];
      if constexpr (std::is_same_v<T, double>) {
        data[i] *= factor;
      } else {
        data[i] = static_cast<T>(static_cast<float>(static_cast<float>(data[i]) * factor));
      }
    }
  });
  return result;
}

}  // namespace

std::optional<std::vector<double>> channel_values(const Tensor& tensor, int rank,
                                                  int64_t channels) {
  if (!is_floating(tensor.dtype()) || tensor.rank() > rank) return std::nullopt;
  int first = rank - tensor.rank();
  for (int i = 0; i < tensor.rank(); ++i) {
    bool fits = tensor.shape()[i] == 1 || (first + i == 1 && tensor.shape()[i] == channels);
    if (!fits) return std::nullopt;
  }
  std::vector<double> values = to_doubles(tensor);
  if (values.size() == 1) values.assign(static_cast<size_t>(channels), values[0]);
  if (static_cast<int64_t>(values.size()) != channels) return std::nullopt;
  return values;
}

Tensor scale_along(const Tensor& weights, int axis, std::span<const double> factors) {
  int64_t inner = inner_count(weights, axis), size = weights.shape()[axis];
  return scaled(weights, factors, [=](int64_t i) { return i / inner % size; });
}

int64_t output_channels(const Node& conv, const Tensor& weights) {
  int64_t group = integer_of(conv, "group", 1);
  if (weights.rank() < 3 || weights.shape()[0] == 0) return 0;
  if (group < 1 || weights.shape()[0] % group != 0) return 0;
  return conv.is("ConvTranspose") ? weights.shape()[1] * group : weights.shape()[0];
}

Tensor scale_outputs(const Node& conv, const Tensor& weights, std::span<const double> factors) {
  if (!conv.is("ConvTranspose")) return scale_along(weights, 0, factors);
  // [in, out / group, kernel…] with the group major in the input and the output channels.
  int64_t inner = inner_count(weights, 1), out = weights.shape()[1];
  int64_t in = weights.shape()[0] / integer_of(conv, "group", 1);
  return scaled(weights, factors,
                [=](int64_t i) { return i / (inner * out) / in * out + i / inner % out; });
}

Tensor channel_vector(DType dtype, std::span<const double> values) {
  Tensor vector = Tensor::allocate(dtype, {static_cast<int64_t>(values.size())});
  visit_floating(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* data = vector.mutable_data<T>();
    for (size_t i = 0; i < values.size(); ++i) {
      if constexpr (std::is_same_v<T, double>) {
        data[i] = values[i];
      } else {
        data[i] = static_cast<T>(static_cast<float>(values[i]));
      }
    }
  });
  return vector;
}

bool stays_finite(const Tensor& weights, std::span<const double> factors) {
  double largest_factor = 0;
  for (double factor : factors) {
    if (!std::isfinite(factor)) return false;
    largest_factor = std::max(largest_factor, std::abs(factor));
  }
  const double largest = largest_magnitude(weights) * largest_factor;
  return is_finite(channel_vector(weights.dtype(), {&largest, 1}));
}

bool is_channel_bias(const Tensor* bias, int64_t channels) {
  if (bias == nullptr) return true;
  return is_floating(bias->dtype()) && bias->rank() == 1 && bias->count() == channels;
}

std::vector<double> bias_values(const Tensor* bias, int64_t channels) {
  if (bias == nullptr) return std::vector<double>(static_cast<size_t>(channels), 0.0);
  return to_doubles(*bias);
}

}  // namespace convoy
