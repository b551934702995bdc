// What conv_epilogue.h says of activations, over rows, for a vector type V of conv_tile.h.
#pragma once

#include <cstdint>

#include "ops/kernels/conv/conv_epilogue.h"

namespace convoy::kernels {
namespace {

// exp by 2^n * exp(r), |r| <= ln 2 / 2, with a Taylor polynomial of degree 7: error about 1 ulp.
template <class V>
typename V::reg exp_of(typename V::reg x) {
  x = V::min(V::set(88.0f), V::max(V::set(-87.0f), x));
  const auto n = V::round(V::mul(x, V::set(1.44269504088896341f)));
  auto r = V::fma(n, V::set(-0.693359375f), x);
  r = V::fma(n, V::set(2.12194440e-4f), r);
  auto p = V::set(1.0f / 5040);
  p = V::fma(p, r, V::set(1.0f / 720));
  p = V::fma(p, r, V::set(1.0f / 120));
  p = V::fma(p, r, V::set(1.0f / 24));
  p = V::fma(p, r, V::set(1.0f / 6));
  p = V::fma(p, r, V::set(0.5f));
  p = V::fma(p, r, V::set(1.0f));
  p = V::fma(p, r, V::set(1.0f));
  return V::mul(p, V::pow2(n));
}

template <class V>
typename V::reg sigmoid_of(typename V::reg x) {
  const auto one = V::set(1.0f);
  return V::div(one, V::add(one, exp_of<V>(V::sub(V::zero(), x))));
}

// Below 0.625 an odd polynomial fitted for the least relative error (6e-9 on [0, 0.64]), above it
// 1 - 2 / (exp(2 x) + 1).
template <class V>
typename V::reg tanh_of(typename V::reg x) {
  const auto one = V::set(1.0f);
  const auto magnitude = V::max(V::sub(V::zero(), x), x);
  const auto square = V::mul(x, x);
  auto p = V::set(-5.591018751e-3f);
  p = V::fma(p, square, V::set(2.053882283e-2f));
  p = V::fma(p, square, V::set(-5.370965859e-2f));
  p = V::fma(p, square, V::set(1.333109227e-1f));
  p = V::fma(p, square, V::set(-3.333326952e-1f));
  const auto small = V::fma(V::mul(p, square), x, x);
  auto large = V::add(magnitude, magnitude);
  large = V::sub(one, V::div(V::set(2.0f), V::add(exp_of<V>(large), one)));
  large = V::select_less(x, V::zero(), V::sub(V::zero(), large), large);
  return V::select_less(V::set(0.625f), magnitude, large, small);
}

template <class V, ConvActivation kActivation>
typename V::reg activation_of(typename V::reg alpha, typename V::reg beta, typename V::reg x) {
  const auto zero = V::zero(), one = V::set(1.0f);
  switch (kActivation) {
    case ConvActivation::none: return x;
    case ConvActivation::relu: return V::max(zero, x);
    case ConvActivation::leaky_relu: return V::select_less(x, zero, V::mul(alpha, x), x);
    case ConvActivation::clip: return V::min(beta, V::max(alpha, x));
    case ConvActivation::sigmoid: return sigmoid_of<V>(x);
    case ConvActivation::tanh: return tanh_of<V>(x);
    case ConvActivation::hard_swish:
      return V::mul(x, V::min(one, V::max(zero, V::fma(x, V::set(1.0f / 6), V::set(0.5f)))));
    case ConvActivation::hard_sigmoid: return V::min(one, V::max(zero, V::fma(x, alpha, beta)));
    case ConvActivation::silu: return V::mul(x, sigmoid_of<V>(x));
  }
  return x;
}

template <class V, ConvActivation kActivation>
void activate_with(const ConvEpilogue& epilogue, float* row, int64_t count) {
  const auto alpha = V::set(epilogue.alpha), beta = V::set(epilogue.beta);
  const auto scale = V::set(epilogue.scale), shift = V::set(epilogue.shift);
  auto apply = [&](typename V::reg x) __attribute__((always_inline)) {
    return V::fma(scale, activation_of<V, kActivation>(alpha, beta, x), shift);
  };
  int64_t i = 0;
  for (; i + V::lanes <= count; i += V::lanes) V::store(row + i, apply(V::load(row + i)));
  if (i < count) V::store_n(row + i, apply(V::load_n(row + i, count - i)), count - i);
}

template <class V>
void activate_row(const ConvEpilogue& epilogue, float* row, int64_t count) {
  switch (epilogue.activation) {
    case ConvActivation::none:
      // is_scaled() would be code of this file's flags that another file could be given.
      if (epilogue.scale == 1 && epilogue.shift == 0) return;
      return activate_with<V, ConvActivation::none>(epilogue, row, count);
    case ConvActivation::relu: return activate_with<V, ConvActivation::relu>(epilogue, row, count);
    case ConvActivation::leaky_relu:
      return activate_with<V, ConvActivation::leaky_relu>(epilogue, row, count);
    case ConvActivation::clip: return activate_with<V, ConvActivation::clip>(epilogue, row, count);
    case ConvActivation::sigmoid:
      return activate_with<V, ConvActivation::sigmoid>(epilogue, row, count);
    case ConvActivation::tanh: return activate_with<V, ConvActivation::tanh>(epilogue, row, count);
    case ConvActivation::hard_swish:
      return activate_with<V, ConvActivation::hard_swish>(epilogue, row, count);
    case ConvActivation::hard_sigmoid:
      return activate_with<V, ConvActivation::hard_sigmoid>(epilogue, row, count);
    case ConvActivation::silu: return activate_with<V, ConvActivation::silu>(epilogue, row, count);
  }
}

}  // namespace
}  // namespace convoy::kernels
