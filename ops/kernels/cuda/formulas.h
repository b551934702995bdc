// The formulas of elementwise programs and what follows a sum, in float32. For kernels alone.
#pragma once

#include "ops/kernels/elementwise/formula.h"
#include "ops/kernels/epilogue.h"
#include "runtime/device/cuda/library/kernel_language.h"

namespace convoy::cuda {

// NaN in x stays.
__device__ inline float clamp(float x, float low, float high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}
__device__ inline float sigmoid(float x) { return 1 / (1 + expf(-x)); }
__device__ inline float softplus(float x) { return (x < 0 ? 0 : x) + log1pf(expf(-fabsf(x))); }
__device__ inline float hard_swish(float x) { return x * clamp(x / 6 + 0.5F, 0, 1); }
__device__ inline float gelu(float x) {
  return x == -INFINITY ? 0 : 0.5F * x * erfcf(-x * 0.70710678F);
}
__device__ inline float gelu_tanh(float x) {
  const float inner = 0.79788456F * (x + 0.044715F * x * x * x);
  return x == -INFINITY ? 0 : 0.5F * x * (1 + tanhf(inner));
}
__device__ inline float modulo(float a, float b) {
  const float rest = fmodf(a, b);
  if (rest == 0) return copysignf(0, b);
  return (rest < 0) != (b < 0) ? rest + b : rest;
}
__device__ inline float fake_quantize(float x, float scale, float zero, const float* p) {
  const float quotient = x / scale;
  const float low = p[0] - zero, high = p[1] - zero;
  const float above = quotient > low ? quotient : low;
  return scale * nearbyintf(above < high ? above : high);
}

__device__ inline float apply(const Epilogue& epilogue, float x) {
  switch (epilogue.activation) {
    case Activation::none: break;
    case Activation::relu: x = x < 0 ? 0 : x; break;
    case Activation::leaky_relu: x = x < 0 ? epilogue.alpha * x : x; break;
    case Activation::clip: x = clamp(x, epilogue.alpha, epilogue.beta); break;
    case Activation::sigmoid: x = sigmoid(x); break;
    case Activation::tanh: x = tanhf(x); break;
    case Activation::hard_swish: x = hard_swish(x); break;
    case Activation::hard_sigmoid: x = clamp(epilogue.alpha * x + epilogue.beta, 0, 1); break;
    case Activation::silu: x = x * sigmoid(x); break;
  }
  return epilogue.scale * x + epilogue.shift;
}

// p: the step's parameters.
__device__ inline float apply(elementwise::Formula formula, float a, float b, float c,
                              const float* p) {
  using elementwise::Formula;
  switch (formula) {
    case Formula::kCopy: return a;
    case Formula::kAbs: return fabsf(a);
    case Formula::kNegate: return -a;
    case Formula::kReciprocal: return 1 / a;
    case Formula::kSquare: return a * a;
    case Formula::kSqrt: return sqrtf(a);
    case Formula::kExp: return expf(a);
    case Formula::kLog: return logf(a);
    case Formula::kFloor: return floorf(a);
    case Formula::kCeil: return ceilf(a);
    case Formula::kRound: return nearbyintf(a);
    case Formula::kSign: return a != a ? a : static_cast<float>((a > 0) - (a < 0));
    case Formula::kNot: return a == 0;
    case Formula::kIsNaN: return a != a;
    case Formula::kIsInf: return fabsf(a) == INFINITY && (a < 0 ? p[0] : p[1]) != 0;
    case Formula::kRelu: return a < 0 ? 0 : a;
    case Formula::kLeakyRelu: return a < 0 ? p[0] * a : a;
    case Formula::kElu: return a < 0 ? p[0] * expm1f(a) : a;
    case Formula::kSelu: return p[1] * (a < 0 ? p[0] * expm1f(a) : a);
    case Formula::kCelu: return a < 0 ? p[0] * expm1f(a / p[0]) : a;
    case Formula::kSigmoid: return sigmoid(a);
    case Formula::kHardSigmoid: return clamp(p[0] * a + p[1], 0, 1);
    case Formula::kHardSwish: return hard_swish(a);
    case Formula::kTanh: return tanhf(a);
    case Formula::kErf: return erff(a);
    case Formula::kGelu: return gelu(a);
    case Formula::kGeluTanh: return gelu_tanh(a);
    case Formula::kSwish: return a * sigmoid(p[0] * a);
    case Formula::kMish: return a * tanhf(softplus(a));
    case Formula::kSoftplus: return softplus(a);
    case Formula::kSoftsign: return fabsf(a) == INFINITY ? copysignf(1, a) : a / (1 + fabsf(a));
    case Formula::kThresholdedRelu: return a <= p[0] ? 0 : a;
    case Formula::kShrink: return a < -p[0] ? a + p[1] : a <= p[0] ? 0 : a - p[1];
    case Formula::kClip: return clamp(a, p[0], p[1]);
    case Formula::kSin: return sinf(a);
    case Formula::kCos: return cosf(a);
    case Formula::kTan: return tanf(a);
    case Formula::kAsin: return asinf(a);
    case Formula::kAcos: return acosf(a);
    case Formula::kAtan: return atanf(a);
    case Formula::kSinh: return sinhf(a);
    case Formula::kCosh: return coshf(a);
    case Formula::kAsinh: return asinhf(a);
    case Formula::kAcosh: return acoshf(a);
    case Formula::kAtanh: return atanhf(a);
    case Formula::kAdd: return a + b;
    case Formula::kSubtract: return a - b;
    case Formula::kMultiply: return a * b;
    case Formula::kDivide: return a / b;
    case Formula::kMinimum: return a < b || a != a ? a : b;
    case Formula::kMaximum: return a > b || a != a ? a : b;
    case Formula::kPower: return powf(a, b);
    case Formula::kRemainder: return fmodf(a, b);
    case Formula::kModulo: return modulo(a, b);
    case Formula::kPRelu: return a < 0 ? a * b : a;
    case Formula::kLess: return a < b;
    case Formula::kLessOrEqual: return a <= b;
    case Formula::kEqual: return a == b;
    case Formula::kAnd: return a != 0 && b != 0;
    case Formula::kOr: return a != 0 || b != 0;
    case Formula::kXor: return (a != 0) != (b != 0);
    case Formula::kMultiplyAdd: return a * b + c;
    case Formula::kSelect: return a != 0 ? b : c;
    case Formula::kClamp: return clamp(a, b, c);
    case Formula::kFakeQuantize: return fake_quantize(a, b, c, p);
  }
  return 0;
}

}  // namespace convoy::cuda
