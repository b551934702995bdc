// Arithmetic on weights, channel by channel.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "runtime/graph/graph.h"
#include "runtime/tensor/tensor.h"

namespace convoy {

// The elements of a constant that broadcasts to [·, channels, …] of the given rank without varying
// along any axis but 1; one for each channel. nullopt otherwise, and for types that are not
// floating.
std::optional<std::vector<double>> channel_values(const Tensor& tensor, int rank, int64_t channels);

// weights[.., i on `axis`, ..] · factors[i], in the weights' type.
Tensor scale_along(const Tensor& weights, int axis, std::span<const double> factors);

// Output channels of Conv or ConvTranspose; 0 where the groups do not fit the weights, or there are
// no weights.
int64_t output_channels(const Node& conv, const Tensor& weights);

// Do the weights stay finite in their type, whichever of the factors each is multiplied with?
bool stays_finite(const Tensor& weights, std::span<const double> factors);

// The weights of Conv or ConvTranspose · the factor of their output channel, in their type.
Tensor scale_outputs(const Node& conv, const Tensor& weights, std::span<const double> factors);

// A vector in the given floating type.
Tensor channel_vector(DType dtype, std::span<const double> values);

// Is there no bias (nullptr), or one number for each channel?
bool is_channel_bias(const Tensor* bias, int64_t channels);

// The elements of such a bias; zeros when `bias` is nullptr.
std::vector<double> bias_values(const Tensor* bias, int64_t channels);

}  // namespace convoy
