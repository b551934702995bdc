// What the kernels of convolutions and products do to a sum before they store it.
#pragma once

#include <limits>

namespace convoy {

enum class Activation {
  none,
  relu,
  leaky_relu,  // x < 0 ? alpha * x : x
  clip,        // min(max(x, alpha), beta)
  sigmoid,     // 1 / (1 + exp(-x))
  tanh,
  hard_swish,    // x * min(max(x / 6 + 1/2, 0), 1)
  hard_sigmoid,  // min(max(alpha * x + beta, 0), 1)
  silu,          // x * sigmoid(x)
};

// scale * f(x) + shift. Adding -0 changes nothing, not even the sign of a zero.
struct Epilogue {
  Activation activation = Activation::none;
  float alpha = 0;
  float beta = 0;
  float scale = 1;
  float shift = -0.0f;

  bool is_scaled() const { return scale != 1 || shift != 0; }
  bool is_identity() const { return activation == Activation::none && !is_scaled(); }
  friend bool operator==(const Epilogue&, const Epilogue&) = default;
};

// What stores do of an epilogue.
struct ConvClamp {
  bool use = false;
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

inline ConvClamp clamp_of(const Epilogue& epilogue) {
  if (epilogue.is_scaled()) return {};
  if (epilogue.activation == Activation::relu) return {true, 0, ConvClamp().high};
  if (epilogue.activation == Activation::clip) return {true, epilogue.alpha, epilogue.beta};
  return {};
}

// Whether the epilogue is a pass of its own over what was stored.
inline bool is_apart(const Epilogue& epilogue) {
  return !epilogue.is_identity() && !clamp_of(epilogue).use;
}

}  // namespace convoy
