#include "ops/rewrites/channel_constants.h"

namespace convoy {

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
  Tensor scaled = weights.clone();
  int64_t inner = 1;
  for (int i = axis + 1; i < scaled.rank(); ++i) inner *= scaled.shape()[i];
  int64_t size = scaled.shape()[axis];
  visit_floating(scaled.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* data = scaled.mutable_data<T>();
    for (int64_t i = 0; i < scaled.count(); ++i) {
      double factor = factors[static_cast<size_t>(i / inner % size)];
      if constexpr (std::is_same_v<T, double>) {
        data[i] *= factor;
      } else {
        data[i] = static_cast<T>(static_cast<float>(static_cast<float>(data[i]) * factor));
      }
    }
  });
  return scaled;
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

std::vector<double> bias_values(const Tensor* bias, int64_t channels) {
  if (bias == nullptr) return std::vector<double>(static_cast<size_t>(channels), 0.0);
  return to_doubles(*bias);
}

}  // namespace convoy
