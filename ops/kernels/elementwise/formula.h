// The formulas of one, two or three real numbers that elementwise kernels are made of.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace convoy::elementwise {

// name in programs and messages, arity, parameters. Parameters p0…p2 are constants of the step.
// Truth values are 0 and 1; any number but 0 is true.
#define CONVOY_ELEMENTWISE_FORMULAS(F)                                                    \
  F(kCopy, "copy", 1)                                                                     \
  F(kAbs, "abs", 1)                                                                       \
  F(kNegate, "neg", 1)                                                                    \
  F(kReciprocal, "reciprocal", 1)                                                         \
  F(kSquare, "square", 1)                                                                 \
  F(kSqrt, "sqrt", 1)                                                                     \
  F(kExp, "exp", 1)                                                                       \
  F(kLog, "log", 1)                                                                       \
  F(kFloor, "floor", 1)                                                                   \
  F(kCeil, "ceil", 1)                                                                     \
  F(kRound, "round", 1) /* halves to even */                                              \
  F(kSign, "sign", 1)                                                                     \
  F(kNot, "not", 1)                                                                       \
  F(kIsNaN, "is_nan", 1)                                                                  \
  F(kIsInf, "is_inf", 1) /* p0: find -inf, p1: find +inf */                               \
  F(kRelu, "relu", 1)                                                                     \
  F(kLeakyRelu, "leaky_relu", 1) /* x < 0 ? p0 x : x */                                   \
  F(kElu, "elu", 1)              /* x < 0 ? p0 (e^x - 1) : x */                           \
  F(kSelu, "selu", 1)            /* p1 (x < 0 ? p0 (e^x - 1) : x) */                      \
  F(kCelu, "celu", 1)            /* x < 0 ? p0 (e^(x/p0) - 1) : x */                      \
  F(kSigmoid, "sigmoid", 1)                                                               \
  F(kHardSigmoid, "hard_sigmoid", 1) /* clip(p0 x + p1, 0, 1) */                          \
  F(kHardSwish, "hard_swish", 1)     /* x clip(x / 6 + 1/2, 0, 1) */                      \
  F(kTanh, "tanh", 1)                                                                     \
  F(kErf, "erf", 1)                                                                       \
  F(kGelu, "gelu", 1)                                                                     \
  F(kGeluTanh, "gelu_tanh", 1)                                                            \
  F(kSwish, "swish", 1) /* x sigmoid(p0 x) */                                             \
  F(kMish, "mish", 1)                                                                     \
  F(kSoftplus, "softplus", 1)                                                             \
  F(kSoftsign, "softsign", 1)                                                             \
  F(kThresholdedRelu, "thresholded_relu", 1) /* x > p0 ? x : 0 */                         \
  F(kShrink, "shrink", 1)                    /* x < -p0 ? x + p1 : x > p0 ? x - p1 : 0 */ \
  F(kClip, "clip", 1)                        /* min(max(x, p0), p1) */                    \
  F(kSin, "sin", 1)                                                                       \
  F(kCos, "cos", 1)                                                                       \
  F(kTan, "tan", 1)                                                                       \
  F(kAsin, "asin", 1)                                                                     \
  F(kAcos, "acos", 1)                                                                     \
  F(kAtan, "atan", 1)                                                                     \
  F(kSinh, "sinh", 1)                                                                     \
  F(kCosh, "cosh", 1)                                                                     \
  F(kAsinh, "asinh", 1)                                                                   \
  F(kAcosh, "acosh", 1)                                                                   \
  F(kAtanh, "atanh", 1)                                                                   \
  F(kAdd, "add", 2)                                                                       \
  F(kSubtract, "sub", 2)                                                                  \
  F(kMultiply, "mul", 2)                                                                  \
  F(kDivide, "div", 2)                                                                    \
  F(kMinimum, "min", 2) /* NaN if either is */                                            \
  F(kMaximum, "max", 2) /* NaN if either is */                                            \
  F(kPower, "pow", 2)                                                                     \
  F(kRemainder, "fmod", 2) /* sign of the dividend */                                     \
  F(kModulo, "mod", 2)     /* sign of the divisor */                                      \
  F(kPRelu, "prelu", 2)    /* a < 0 ? a b : a */                                          \
  F(kLess, "less", 2)                                                                     \
  F(kLessOrEqual, "less_equal", 2)                                                        \
  F(kEqual, "equal", 2)                                                                   \
  F(kAnd, "and", 2)                                                                       \
  F(kOr, "or", 2)                                                                         \
  F(kXor, "xor", 2)                                                                       \
  F(kMultiplyAdd, "mul_add", 3) /* a b + c */                                             \
  F(kSelect, "select", 3)       /* a ? b : c */                                           \
  F(kClamp, "clamp", 3)         /* min(max(a, b), c) */                                   \
  /* b round(min(max(a / b, p0 - c), p1 - c)), the lowest for NaN */                      \
  F(kFakeQuantize, "fake_quantize", 3)

enum class Formula : uint8_t {
#define CONVOY_ENUMERATOR(id, name, arity) id,
  CONVOY_ELEMENTWISE_FORMULAS(CONVOY_ENUMERATOR)
#undef CONVOY_ENUMERATOR
};

inline constexpr int kFormulaCount = 0
#define CONVOY_ONE(id, name, arity) +1
    CONVOY_ELEMENTWISE_FORMULAS(CONVOY_ONE)
#undef CONVOY_ONE
    ;

inline constexpr int kMaxArity = 3;
inline constexpr int kMaxParameters = 3;

std::string_view to_string(Formula formula);
int arity_of(Formula formula);
std::optional<Formula> formula_named(std::string_view name);

// Rough cost of one result relative to that of an addition.
int cost_of(Formula formula);

}  // namespace convoy::elementwise
