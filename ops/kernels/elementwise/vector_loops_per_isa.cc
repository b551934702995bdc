// The loops of every function that has vectors. Tails are computed in whole vectors too, so that a
// number's bits do not depend on its place.
#include "ops/kernels/elementwise/loops.h"
#include "ops/kernels/simd/vector_math.h"
#include "runtime/base/float16.h"

namespace convoy::elementwise {
namespace {

using namespace simd;

struct Parameters {
  Floats p0, p1, p2;
};

CONVOY_INLINE Parameters parameters_of(const LoopArguments<float>& arguments) {
  const float* p = arguments.parameters;
  return {splat(p[0]), splat(p[1]), splat(p[2])};
}

template <typename F>
void loop1(const LoopArguments<float>& arguments) {
  const Parameters parameters = parameters_of(arguments);
  const float* x = arguments.operands[0];
  float* y = arguments.result;
  int64_t count = arguments.count;
  if (arguments.repeated[0]) {
    Floats value = F::apply(splat(*x), parameters);
    for (int64_t i = 0; i < count; ++i) y[i] = value[0];
    return;
  }
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(y + i, F::apply(load(x + i), parameters));
  if (i < count) {
    store_partial(y + i, F::apply(load_partial(x + i, count - i, 0), parameters), count - i);
  }
}

template <bool kRepeated>
struct Source {
  const float* p;
  Floats value;
  explicit CONVOY_INLINE Source(const float* pointer)
      : p(pointer), value(kRepeated ? splat(*pointer) : Floats{}) {}
  CONVOY_INLINE Floats at(int64_t i) const {
    if constexpr (kRepeated) return value;
    return load(p + i);
  }
  CONVOY_INLINE Floats tail(int64_t i, int64_t count) const {
    if constexpr (kRepeated) return value;
    return load_partial(p + i, count, 0);
  }
};

template <typename F, bool kRepeatedA, bool kRepeatedB>
void run2(const LoopArguments<float>& arguments) {
  const Source<kRepeatedA> a(arguments.operands[0]);
  const Source<kRepeatedB> b(arguments.operands[1]);
  float* y = arguments.result;
  int64_t count = arguments.count;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(y + i, F::apply(a.at(i), b.at(i)));
  if (i < count) {
    int64_t rest = count - i;
    store_partial(y + i, F::apply(a.tail(i, rest), b.tail(i, rest)), rest);
  }
}

template <typename F>
void loop2(const LoopArguments<float>& arguments) {
  if (arguments.repeated[0]) {
    if (arguments.repeated[1]) return run2<F, true, true>(arguments);
    return run2<F, true, false>(arguments);
  }
  if (arguments.repeated[1]) return run2<F, false, true>(arguments);
  run2<F, false, false>(arguments);
}

template <typename F>
void loop3(const LoopArguments<float>& arguments) {
  const Parameters with = parameters_of(arguments);
  const float* p[3];
  Floats value[3];
  bool repeated[3];
  for (int k = 0; k < 3; ++k) {
    p[k] = arguments.operands[k];
    repeated[k] = arguments.repeated[k];
    value[k] = repeated[k] ? splat(*p[k]) : Floats{};
  }
  float* y = arguments.result;
  int64_t count = arguments.count;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    Floats a = repeated[0] ? value[0] : load(p[0] + i);
    Floats b = repeated[1] ? value[1] : load(p[1] + i);
    Floats c = repeated[2] ? value[2] : load(p[2] + i);
    store(y + i, F::apply(a, b, c, with));
  }
  if (i < count) {
    int64_t rest = count - i;
    Floats a = repeated[0] ? value[0] : load_partial(p[0] + i, rest, 0);
    Floats b = repeated[1] ? value[1] : load_partial(p[1] + i, rest, 0);
    Floats c = repeated[2] ? value[2] : load_partial(p[2] + i, rest, 0);
    store_partial(y + i, F::apply(a, b, c, with), rest);
  }
}

#define CONVOY_FUNCTION1(name, ...)                                                        \
  struct name {                                                                            \
    static CONVOY_INLINE Floats apply(Floats x, [[maybe_unused]] const Parameters& with) { \
      __VA_ARGS__                                                                          \
    }                                                                                      \
  };
#define CONVOY_FUNCTION2(name, ...)                                       \
  struct name {                                                           \
    static CONVOY_INLINE Floats apply(Floats a, Floats b) { __VA_ARGS__ } \
  };
#define CONVOY_FUNCTION3(name, ...)                                              \
  struct name {                                                                  \
    static CONVOY_INLINE Floats apply(Floats a, Floats b, Floats c,              \
                                      [[maybe_unused]] const Parameters& with) { \
      __VA_ARGS__                                                                \
    }                                                                            \
  };

CONVOY_FUNCTION1(Copy, return x;)
CONVOY_FUNCTION1(Abs, return abs(x);)
CONVOY_FUNCTION1(Negate, return from_bits(bits(x) ^ INT32_MIN);)
CONVOY_FUNCTION1(Reciprocal, return 1.0f / x;)
CONVOY_FUNCTION1(Square, return x * x;)
CONVOY_FUNCTION1(Sqrt, return sqrt(x);)
CONVOY_FUNCTION1(Exp, return exp(x);)
CONVOY_FUNCTION1(Log, return log(x);)
CONVOY_FUNCTION1(Floor, return floor(x);)
CONVOY_FUNCTION1(Ceil, return ceil(x);)
CONVOY_FUNCTION1(Round, return round_even(x);)
CONVOY_FUNCTION1(Sign, return select(x != x, x, truth(x > 0.0f) - truth(x < 0.0f));)
CONVOY_FUNCTION1(Not, return truth(x == 0.0f);)
CONVOY_FUNCTION1(IsNaN, return truth(x != x);)
CONVOY_FUNCTION1(IsInf, const Floats infinity = splat(__builtin_inff());
                 return truth(((x == -infinity) & (with.p0 != 0.0f)) |
                              ((x == infinity) & (with.p1 != 0.0f)));)
CONVOY_FUNCTION1(Relu, return at_least(x, splat(0.0f));)
CONVOY_FUNCTION1(LeakyRelu, return select(x < 0.0f, x* with.p0, x);)
CONVOY_FUNCTION1(Elu, return select(x < 0.0f, with.p0* expm1(x), x);)
CONVOY_FUNCTION1(Selu, return with.p1 * select(x < 0.0f, with.p0* expm1(x), x);)
CONVOY_FUNCTION1(Celu, return select(x < 0.0f, with.p0* expm1(x / with.p0), x);)
CONVOY_FUNCTION1(Sigmoid, return sigmoid(x);)
CONVOY_FUNCTION1(HardSigmoid,
                 return at_most(at_least(x * with.p0 + with.p1, splat(0.0f)), splat(1.0f));)
CONVOY_FUNCTION1(HardSwish,
                 return x * at_most(at_least(x * (1.0f / 6.0f) + 0.5f, splat(0.0f)), splat(1.0f));)
CONVOY_FUNCTION1(Tanh, return tanh(x);)
CONVOY_FUNCTION1(Erf, return erf(x);)
CONVOY_FUNCTION1(Gelu, return gelu(x);)
// x (1 + tanh(u)) / 2 = x sigmoid(2u), u = √(2/π) (x + 0.044715 x³)
CONVOY_FUNCTION1(GeluTanh, Floats u = x * (1.0f + 0.044715f * x * x);
                 return select(x == -__builtin_inff(), splat(0.0f), x* sigmoid(1.595769122f * u));)
CONVOY_FUNCTION1(Swish, Floats y = x * sigmoid(with.p0 * x); return y;)
// tanh(log(1 + e)) = e (e + 2) / (e (e + 2) + 2), e = e^x
CONVOY_FUNCTION1(Mish, Floats e = exp(at_most(x, splat(20.0f))); Floats q = e * (e + 2.0f);
                 return x * (q / (q + 2.0f));)
CONVOY_FUNCTION1(Softplus, return at_least(x, splat(0.0f)) + log1p_unit(exp(-abs(x)));)
CONVOY_FUNCTION1(Softsign, return select(abs(x) == __builtin_inff(), with_sign_of(splat(1.0f), x),
                                         x / (1.0f + abs(x)));)
CONVOY_FUNCTION1(ThresholdedRelu, return select(x <= with.p0, splat(0.0f), x);)
CONVOY_FUNCTION1(Shrink, return select(x < -with.p0, x + with.p1,
                                       select(x <= with.p0, splat(0.0f), x - with.p1));)
CONVOY_FUNCTION1(Clip, return at_most(at_least(x, with.p0), with.p1);)
CONVOY_FUNCTION1(Sin, return sin(x);)
CONVOY_FUNCTION1(Cos, return cos(x);)

CONVOY_FUNCTION2(Add, return a + b;)
CONVOY_FUNCTION2(Subtract, return a - b;)
CONVOY_FUNCTION2(Multiply, return a * b;)
CONVOY_FUNCTION2(Divide, return a / b;)
CONVOY_FUNCTION2(Minimum, return select((a < b) | (a != a), a, b);)
CONVOY_FUNCTION2(Maximum, return select((a > b) | (a != a), a, b);)
CONVOY_FUNCTION2(PRelu, return select(a < 0.0f, a* b, a);)
CONVOY_FUNCTION2(Less, return truth(a < b);)
CONVOY_FUNCTION2(LessOrEqual, return truth(a <= b);)
CONVOY_FUNCTION2(Equal, return truth(a == b);)
CONVOY_FUNCTION2(And, return truth((a != 0.0f) & (b != 0.0f));)
CONVOY_FUNCTION2(Or, return truth((a != 0.0f) | (b != 0.0f));)
CONVOY_FUNCTION2(Xor, return truth((a != 0.0f) ^ (b != 0.0f));)

CONVOY_FUNCTION3(MultiplyAdd, return a * b + c;)
CONVOY_FUNCTION3(Select, return select(a != 0.0f, b, c);)
CONVOY_FUNCTION3(Clamp, return at_most(at_least(a, b), c);)
// The bounds are integers below 2^22. A NaN fails the first comparison.
CONVOY_FUNCTION3(FakeQuantize, const Floats low = with.p0 - c, high = with.p1 - c; Floats q = a / b;
                 q = select(q > low, q, low); return b * nearest_small(select(q < high, q, high));)

#if CONVOY_VECTOR_BYTES == 32
#define CONVOY_LOAD_HALVES(p) \
  (Floats) _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))
#define CONVOY_STORE_HALVES(p, v)                 \
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), \
                   _mm256_cvtps_ph((__m256)(v), _MM_FROUND_TO_NEAREST_INT))
#elif CONVOY_VECTOR_BYTES == 64
#define CONVOY_LOAD_HALVES(p) \
  (Floats) _mm512_maskz_cvtph_ps(0xffff, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))
#define CONVOY_STORE_HALVES(p, v)                    \
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), \
                      _mm512_maskz_cvtps_ph(0xffff, (__m512)(v), _MM_FROUND_TO_NEAREST_INT))
#endif

#ifdef CONVOY_LOAD_HALVES
[[maybe_unused]] void load_half(const void* from, int64_t step, float* to, int64_t count) {
  const uint16_t* source = static_cast<const uint16_t*>(from);
  int64_t i = 0;
  if (step == 1) {
    for (; i + kLanes <= count; i += kLanes) store(to + i, CONVOY_LOAD_HALVES(source + i));
  }
  for (; i < count; ++i) to[i] = half_bits_to_float(source[i * step]);
}

[[maybe_unused]] void store_half(const float* from, void* to, int64_t step, int64_t count) {
  uint16_t* target = static_cast<uint16_t*>(to);
  int64_t i = 0;
  if (step == 1) {
    for (; i + kLanes <= count; i += kLanes) CONVOY_STORE_HALVES(target + i, load(from + i));
  }
  for (; i < count; ++i) target[i * step] = float_to_half_bits(from[i]);
}
#endif

}  // namespace

void CONVOY_PER_ISA(fill_loops)(LoopTable<float>& table) {
#define CONVOY_SET(arity, name) table.loops[static_cast<int>(Formula::k##name)] = loop##arity<name>;
  // clang-format off
  CONVOY_SET(1, Copy) CONVOY_SET(1, Abs) CONVOY_SET(1, Negate) CONVOY_SET(1, Reciprocal)
  CONVOY_SET(1, Square) CONVOY_SET(1, Sqrt) CONVOY_SET(1, Exp) CONVOY_SET(1, Log)
  CONVOY_SET(1, Floor) CONVOY_SET(1, Ceil) CONVOY_SET(1, Round) CONVOY_SET(1, Sign)
  CONVOY_SET(1, Not) CONVOY_SET(1, IsNaN) CONVOY_SET(1, IsInf) CONVOY_SET(1, Relu)
  CONVOY_SET(1, LeakyRelu) CONVOY_SET(1, Elu) CONVOY_SET(1, Selu) CONVOY_SET(1, Celu)
  CONVOY_SET(1, Sigmoid) CONVOY_SET(1, HardSigmoid) CONVOY_SET(1, HardSwish)
  CONVOY_SET(1, Tanh) CONVOY_SET(1, Erf) CONVOY_SET(1, Gelu) CONVOY_SET(1, GeluTanh)
  CONVOY_SET(1, Swish) CONVOY_SET(1, Mish) CONVOY_SET(1, Softplus) CONVOY_SET(1, Softsign)
  CONVOY_SET(1, ThresholdedRelu) CONVOY_SET(1, Shrink) CONVOY_SET(1, Clip)
  CONVOY_SET(1, Sin) CONVOY_SET(1, Cos)
  CONVOY_SET(2, Add) CONVOY_SET(2, Subtract) CONVOY_SET(2, Multiply) CONVOY_SET(2, Divide)
  CONVOY_SET(2, Minimum) CONVOY_SET(2, Maximum) CONVOY_SET(2, PRelu) CONVOY_SET(2, Less)
  CONVOY_SET(2, LessOrEqual) CONVOY_SET(2, Equal) CONVOY_SET(2, And) CONVOY_SET(2, Or)
  CONVOY_SET(2, Xor)
  CONVOY_SET(3, MultiplyAdd) CONVOY_SET(3, Select) CONVOY_SET(3, Clamp)
  CONVOY_SET(3, FakeQuantize)
  // clang-format on
#undef CONVOY_SET
#ifdef CONVOY_LOAD_HALVES
                                                      table.load_half = load_half;
  table.store_half = store_half;
#endif
}

}  // namespace convoy::elementwise
