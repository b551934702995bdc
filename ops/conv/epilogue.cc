#include "ops/conv/epilogue.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace convoy {
namespace {

using NamedActivation = std::pair<std::string_view, Activation>;
constexpr NamedActivation kNames[] = {
    {"", Activation::none},
    {"Relu", Activation::relu},
    {"LeakyRelu", Activation::leaky_relu},
    {"Clip", Activation::clip},
    {"Sigmoid", Activation::sigmoid},
    {"Tanh", Activation::tanh},
    {"HardSwish", Activation::hard_swish},
    {"HardSigmoid", Activation::hard_sigmoid},
    {"Silu", Activation::silu},
};

// NaN stays NaN in all of these.
float lower_bounded(float x, float low) { return x < low ? low : x; }
float bounded(float x, float low, float high) {
  x = lower_bounded(x, low);
  return x > high ? high : x;
}

float activate(const Epilogue& epilogue, float x) {
  switch (epilogue.activation) {
    case Activation::none: return x;
    case Activation::relu: return lower_bounded(x, 0.0f);
    case Activation::leaky_relu: return x < 0 ? epilogue.alpha * x : x;
    case Activation::clip: return bounded(x, epilogue.alpha, epilogue.beta);
    case Activation::sigmoid: return 1.0f / (1.0f + std::exp(-x));
    case Activation::tanh: return std::tanh(x);
    case Activation::hard_swish: return x * bounded(x / 6.0f + 0.5f, 0.0f, 1.0f);
    case Activation::hard_sigmoid: return bounded(epilogue.alpha * x + epilogue.beta, 0.0f, 1.0f);
    case Activation::silu: return x / (1.0f + std::exp(-x));
  }
  return x;
}

}  // namespace

Epilogue read_epilogue(AttributeReader& attributes) {
  Epilogue epilogue;
  std::string name = attributes.text("activation", "");
  epilogue.alpha = attributes.number("activation_alpha", 0);
  epilogue.beta = attributes.number("activation_beta", 0);
  epilogue.scale = attributes.number("activation_scale", epilogue.scale);
  epilogue.shift = attributes.number("activation_shift", epilogue.shift);
  auto activation = activation_named(name);
  check_model(activation.has_value(), "activation '{}' is not known", name);
  epilogue.activation = *activation;
  return epilogue;
}

void set_activation(Attributes& attributes, const Epilogue& epilogue) {
  auto named = std::ranges::find(kNames, epilogue.activation, &NamedActivation::second);
  attributes["activation"] = std::string(named->first);
  attributes["activation_alpha"] = epilogue.alpha;
  attributes["activation_beta"] = epilogue.beta;
}

std::optional<Activation> activation_named(std::string_view name) {
  auto named = std::ranges::find(kNames, name, &NamedActivation::first);
  return named == std::end(kNames) ? std::nullopt : std::optional(named->second);
}

float apply(const Epilogue& epilogue, float x) {
  return epilogue.scale * activate(epilogue, x) + epilogue.shift;
}

}  // namespace convoy
