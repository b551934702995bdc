// The float operators of domain com.microsoft, opset 1, that are compositions of ONNX's own.
#include "ops/microsoft_float/composition.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/ranges.h>

namespace convoy {

std::string microsoft_function(std::string_view signature, std::string_view nodes) {
  return fmt::format(
      R"(<opset_import: ["" : 24, "ai.convoy" : 1], domain: "com.microsoft"> {} {{ {} }})",
      signature, nodes);
}

namespace {

// An attribute of the activations that take one, and its place among the parameters.
struct Parameter {
  std::string_view activation;
  size_t index;
  std::string_view name;
};

constexpr Parameter kParameters[] = {
    {"LeakyRelu", 0, "alpha"},   {"Elu", 0, "alpha"},        {"ThresholdedRelu", 0, "alpha"},
    {"HardSigmoid", 0, "alpha"}, {"HardSigmoid", 1, "beta"}, {"Swish", 0, "alpha"},
    {"Selu", 0, "alpha"},        {"Selu", 2, "gamma"},       {"Celu", 0, "alpha"},
};

constexpr std::string_view kActivations[] = {
    "Relu",      "LeakyRelu", "Elu",  "ThresholdedRelu", "HardSigmoid",
    "HardSwish", "Sigmoid",   "Tanh", "Softplus",        "Softsign",
    "Selu",      "Celu",      "Gelu"};

std::string transpose(const std::vector<int>& order, std::string_view x) {
  return fmt::format("Transpose <perm = [{}]> ({})", fmt::join(order, ", "), x);
}

}  // namespace

std::string activation_nodes(std::string_view activation, const std::vector<float>& parameters,
                             std::string_view x, std::string_view y) {
  if (activation.empty()) return fmt::format("{} = Identity({}) ", y, x);
  if (activation == "Clip") {
    check_model(parameters.size() == 2, "Clip takes two parameters, not {}", parameters.size());
    return fmt::format(
        "clip_low = Constant <value_float = {:.9e}> () clip_low_t = CastLike(clip_low, {}) "
        "clip_high = Constant <value_float = {:.9e}> () clip_high_t = CastLike(clip_high, {}) "
        "{} = Clip({}, clip_low_t, clip_high_t) ",
        parameters[0], x, parameters[1], x, y, x);
  }
  std::string_view type = activation == "SiLU" ? "Swish" : activation;
  const bool known = type == "Swish" || std::find(std::begin(kActivations), std::end(kActivations),
                                                  type) != std::end(kActivations);
  check_supported(known, "the activation '{}' is not known", activation);
  std::vector<std::string> attributes;
  for (const Parameter& parameter : kParameters) {
    if (parameter.activation != type || parameter.index >= parameters.size()) continue;
    if (std::isnan(parameters[parameter.index])) continue;
    attributes.push_back(fmt::format("{} = {:.9e}", parameter.name, parameters[parameter.index]));
  }
  std::string list = attributes.empty() ? "" : fmt::format("<{}> ", fmt::join(attributes, ", "));
  return fmt::format("{} = {} {}({}) ", y, type, list, x);
}

std::string channels_last(int rank, std::string_view x) {
  std::vector<int> order(static_cast<size_t>(rank));
  std::iota(order.begin(), order.end(), 1);
  order.front() = 0;
  order.back() = 1;
  for (int i = 1; i + 1 < rank; ++i) order[static_cast<size_t>(i)] = i + 1;
  return transpose(order, x);
}

std::string channels_first(int rank, std::string_view x) {
  std::vector<int> order = {0, rank - 1};
  for (int i = 1; i + 1 < rank; ++i) order.push_back(i);
  return transpose(order, x);
}

void register_microsoft_float(Registry& registry) {
  register_microsoft_activations(registry);
  register_microsoft_products(registry);
  register_microsoft_convolutions(registry);
  register_microsoft_normalizations(registry);
  register_microsoft_twins(registry);
}

}  // namespace convoy
