#include "ops/conv/epilogue.h"

#include <cmath>
#include <utility>

namespace convoy {
namespace {

constexpr std::pair<std::string_view, Activation> kNames[] = {
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
  std::string wanted = attributes.text("activation", "");
  epilogue.alpha = attributes.number("activation_alpha", 0);
  epilogue.beta = attributes.number("activation_beta", 0);
  epilogue.scale = attributes.number("activation_scale", epilogue.scale);
  epilogue.shift = attributes.number("activation_shift", epilogue.shift);
  for (const auto& [name, activation] : kNames) {
    if (name == wanted) {
      epilogue.activation = activation;
      return epilogue;
    }
  }
  fail(ErrorCode::kInvalidModel, "activation '{}' is not known", wanted);
}

float apply(const Epilogue& epilogue, float x) {
  return epilogue.scale * activate(epilogue, x) + epilogue.shift;
}

}  // namespace convoy
