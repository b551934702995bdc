#include "ops/conv/epilogue.h"

#include <cmath>
#include <utility>

namespace convoy {
namespace {

constexpr std::pair<std::string_view, Activation> kNames[] = {
    {"", Activation::kNone},           {"Relu", Activation::kRelu},
    {"LeakyRelu", Activation::kLeakyRelu}, {"Clip", Activation::kClip},
    {"Sigmoid", Activation::kSigmoid}, {"Tanh", Activation::kTanh},
    {"HardSwish", Activation::kHardSwish}, {"HardSigmoid", Activation::kHardSigmoid},
    {"Silu", Activation::kSilu},
};

// NaN stays NaN in all of these.
float lower_bounded(float x, float low) { return x < low ? low : x; }
float bounded(float x, float low, float high) {
  x = lower_bounded(x, low);
  return x > high ? high : x;
}

float activate(const Epilogue& epilogue, float x) {
  switch (epilogue.activation) {
    case Activation::kNone: return x;
    case Activation::kRelu: return lower_bounded(x, 0.0f);
    case Activation::kLeakyRelu: return x < 0 ? epilogue.alpha * x : x;
    case Activation::kClip: return bounded(x, epilogue.alpha, epilogue.beta);
    case Activation::kSigmoid: return 1.0f / (1.0f + std::exp(-x));
    case Activation::kTanh: return std::tanh(x);
    case Activation::kHardSwish: return x * bounded(x / 6.0f + 0.5f, 0.0f, 1.0f);
    case Activation::kHardSigmoid: return bounded(epilogue.alpha * x + epilogue.beta, 0.0f, 1.0f);
    case Activation::kSilu: return x / (1.0f + std::exp(-x));
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
