#include "ops/kernels/activation/activate_row.h"

#include "ops/kernels/simd/vector_math.h"

namespace convoy::kernels {
namespace {

using namespace simd;

// The sigmoid, but at least 6e-39.
CONVOY_INLINE Floats sigmoid_of(Floats x) {
  return 1.0f / (1.0f + exp_normal(min(splat(88.0f), max(splat(-87.0f), -x))));
}

template <Activation kActivation>
CONVOY_INLINE Floats activation_of(Floats alpha, Floats beta, Floats x) {
  const Floats zero{}, one = splat(1.0f);
  switch (kActivation) {
    case Activation::none: return x;
    case Activation::relu: return max(zero, x);
    case Activation::leaky_relu: return select(x < 0.0f, alpha * x, x);
    case Activation::clip: return min(beta, max(alpha, x));
    case Activation::sigmoid: return sigmoid_of(x);
    case Activation::tanh: return tanh(x);
    case Activation::hard_swish:
      return x * min(one, max(zero, multiply_add(x, splat(1.0f / 6), splat(0.5f))));
    case Activation::hard_sigmoid: return min(one, max(zero, multiply_add(x, alpha, beta)));
    case Activation::silu: return x * sigmoid_of(x);
  }
  return x;
}

template <Activation kActivation>
void activate_with(const Epilogue& epilogue, float* row, int64_t count) {
  const Floats alpha = splat(epilogue.alpha), beta = splat(epilogue.beta);
  const Floats scale = splat(epilogue.scale), shift = splat(epilogue.shift);
  auto apply = [&](Floats x) __attribute__((always_inline)) {
    return multiply_add(scale, activation_of<kActivation>(alpha, beta, x), shift);
  };
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(row + i, apply(load(row + i)));
  if (i < count) store_partial(row + i, apply(load_partial(row + i, count - i, 0)), count - i);
}

}  // namespace

void CONVOY_PER_ISA(activate_row)(const Epilogue& epilogue, float* row, int64_t count) {
  switch (epilogue.activation) {
    case Activation::none:
      // is_scaled() would be code of this file's flags that another file could be given.
      if (epilogue.scale == 1 && epilogue.shift == 0) return;
      return activate_with<Activation::none>(epilogue, row, count);
    case Activation::relu: return activate_with<Activation::relu>(epilogue, row, count);
    case Activation::leaky_relu: return activate_with<Activation::leaky_relu>(epilogue, row, count);
    case Activation::clip: return activate_with<Activation::clip>(epilogue, row, count);
    case Activation::sigmoid: return activate_with<Activation::sigmoid>(epilogue, row, count);
    case Activation::tanh: return activate_with<Activation::tanh>(epilogue, row, count);
    case Activation::hard_swish: return activate_with<Activation::hard_swish>(epilogue, row, count);
    case Activation::hard_sigmoid:
      return activate_with<Activation::hard_sigmoid>(epilogue, row, count);
    case Activation::silu: return activate_with<Activation::silu>(epilogue, row, count);
  }
}

}  // namespace convoy::kernels
