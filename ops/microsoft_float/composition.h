// What the compositions of domain com.microsoft share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/op/registry.h"

namespace convoy {

using InputTypes = std::vector<ValueType>;

inline constexpr std::string_view kMicrosoftDomain = "com.microsoft";

// A function of the domain in ONNX's text syntax: `signature` is what stands before the braces,
// `Name <attributes> (inputs) => (outputs)`, `nodes` what stands between them, of ONNX's opset 24
// and the private domain.
std::string microsoft_function(std::string_view signature, std::string_view nodes);

// `y = activation(x)` in that syntax; "" is the identity. Parameters in the order alpha, beta,
// gamma; those that are missing or NaN have ONNX's defaults. Throws kUnsupported for another name.
std::string activation_nodes(std::string_view activation, const std::vector<float>& parameters,
                             std::string_view x, std::string_view y);

// "Transpose <perm = [...]> (x)" that brings the channels of `rank` axes last or back to axis 1.
std::string channels_last(int rank, std::string_view x);
std::string channels_first(int rank, std::string_view x);

// Rank of input i; -1 where it is not known.
inline int rank_of(const InputTypes& types, size_t i) {
  return i < types.size() ? types[i].rank() : -1;
}

void register_microsoft_activations(Registry& registry);
void register_microsoft_products(Registry& registry);
void register_microsoft_convolutions(Registry& registry);
void register_microsoft_normalizations(Registry& registry);
void register_microsoft_twins(Registry& registry);

}  // namespace convoy
