// What fused operators apply to a result before they store it: y = scale * f(x + residual) + shift.
#pragma once

#include <string_view>

#include "runtime/op/attribute_reader.h"

namespace convoy {

enum class Activation {
  kNone,
  kRelu,
  kLeakyRelu,    // x < 0 ? alpha * x : x
  kClip,         // min(max(x, alpha), beta)
  kSigmoid,
  kTanh,
  kHardSwish,    // x * min(max(x / 6 + 1/2, 0), 1)
  kHardSigmoid,  // min(max(alpha * x + beta, 0), 1)
  kSilu,         // x * sigmoid(x)
};

struct Epilogue {
  Activation activation = Activation::kNone;
  float alpha = 0;
  float beta = 0;
  float scale = 1;
  float shift = -0.0F;  // changes nothing, not even the sign of a zero
  bool is_identity() const {
    return activation == Activation::kNone && scale == 1 && shift == 0;
  }
  friend bool operator==(const Epilogue&, const Epilogue&) = default;
};

// Reads the attributes of private operators: activation ("", "Relu", "LeakyRelu", "Clip",
// "Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "Silu"), activation_alpha, activation_beta,
// activation_scale, activation_shift. Throws kInvalidModel for another name.
Epilogue read_epilogue(AttributeReader& attributes);

float apply(const Epilogue& epilogue, float x);

}  // namespace convoy
