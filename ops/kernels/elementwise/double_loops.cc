// The functions as their definitions say, in double precision.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/kernels/elementwise/loops.h"

namespace convoy::elementwise {
namespace {

using Arguments = LoopArguments<double>;

template <typename F>
void set1(LoopTable<double>& table, Formula formula, F) {
  table.loops[static_cast<int>(formula)] = [](const Arguments& arguments) {
    const double* x = arguments.operands[0];
    int64_t step = arguments.repeated[0] ? 0 : 1;
    for (int64_t i = 0; i < arguments.count; ++i) {
      arguments.result[i] = F{}(x[i * step], arguments.parameters);
    }
  };
}

template <typename F>
void set2(LoopTable<double>& table, Formula formula, F) {
  table.loops[static_cast<int>(formula)] = [](const Arguments& arguments) {
    const double* a = arguments.operands[0];
    const double* b = arguments.operands[1];
    int64_t step_a = arguments.repeated[0] ? 0 : 1;
    int64_t step_b = arguments.repeated[1] ? 0 : 1;
    for (int64_t i = 0; i < arguments.count; ++i) {
      arguments.result[i] = F{}(a[i * step_a], b[i * step_b]);
    }
  };
}

template <typename F>
void set3(LoopTable<double>& table, Formula formula, F) {
  table.loops[static_cast<int>(formula)] = [](const Arguments& arguments) {
    const double* p[3];
    int64_t step[3];
    for (int k = 0; k < 3; ++k) {
      p[k] = arguments.operands[k];
      step[k] = arguments.repeated[k] ? 0 : 1;
    }
    for (int64_t i = 0; i < arguments.count; ++i) {
      arguments.result[i] =
          F{}(p[0][i * step[0]], p[1][i * step[1]], p[2][i * step[2]], arguments.parameters);
    }
  };
}

// NaN in `x` stays.
double clamp(double x, double low, double high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}
double modulo(double a, double b) {
  double rest = std::fmod(a, b);
  if (rest == 0) return std::copysign(0.0, b);
  return (rest < 0) != (b < 0) ? rest + b : rest;
}
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double gelu(double x) {
  if (x == -std::numeric_limits<double>::infinity()) return 0;
  return 0.5 * x * std::erfc(-x * M_SQRT1_2);
}
double gelu_tanh(double x) {
  if (x == -std::numeric_limits<double>::infinity()) return 0;
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}
double mish(double x) { return x * std::tanh(softplus(x)); }
double softsign(double x) { return std::isinf(x) ? std::copysign(1.0, x) : x / (1 + std::abs(x)); }

void fill_arithmetic(LoopTable<double>& t) {
  using P = const float*;
  set1(t, Formula::kCopy, [](double x, P) { return x; });
  set1(t, Formula::kAbs, [](double x, P) { return std::abs(x); });
  set1(t, Formula::kNegate, [](double x, P) { return -x; });
  set1(t, Formula::kReciprocal, [](double x, P) { return 1 / x; });
  set1(t, Formula::kSquare, [](double x, P) { return x * x; });
  set1(t, Formula::kSqrt, [](double x, P) { return std::sqrt(x); });
  set1(t, Formula::kExp, [](double x, P) { return std::exp(x); });
  set1(t, Formula::kLog, [](double x, P) { return std::log(x); });
  set1(t, Formula::kFloor, [](double x, P) { return std::floor(x); });
  set1(t, Formula::kCeil, [](double x, P) { return std::ceil(x); });
  set1(t, Formula::kRound, [](double x, P) { return std::nearbyint(x); });
  set1(t, Formula::kSign, [](double x, P) { return x != x ? x : (x > 0) - double(x < 0); });
  set1(t, Formula::kNot, [](double x, P) { return double(x == 0); });
  set1(t, Formula::kIsNaN, [](double x, P) { return double(x != x); });
  set1(t, Formula::kIsInf,
       [](double x, P p) { return double(std::isinf(x) && (x < 0 ? p[0] : p[1]) != 0); });
}

void fill_activations(LoopTable<double>& t) {
  using P = const float*;
  set1(t, Formula::kRelu, [](double x, P) { return x < 0 ? 0 : x; });
  set1(t, Formula::kLeakyRelu, [](double x, P p) { return x < 0 ? p[0] * x : x; });
  set1(t, Formula::kElu, [](double x, P p) { return x < 0 ? p[0] * std::expm1(x) : x; });
  set1(t, Formula::kSelu, [](double x, P p) { return p[1] * (x < 0 ? p[0] * std::expm1(x) : x); });
  set1(t, Formula::kCelu, [](double x, P p) { return x < 0 ? p[0] * std::expm1(x / p[0]) : x; });
  set1(t, Formula::kSigmoid, [](double x, P) { return sigmoid(x); });
  set1(t, Formula::kHardSigmoid, [](double x, P p) { return clamp(p[0] * x + p[1], 0, 1); });
  set1(t, Formula::kHardSwish, [](double x, P) { return x * clamp(x / 6 + 0.5, 0, 1); });
  set1(t, Formula::kTanh, [](double x, P) { return std::tanh(x); });
  set1(t, Formula::kErf, [](double x, P) { return std::erf(x); });
  set1(t, Formula::kGelu, [](double x, P) { return gelu(x); });
  set1(t, Formula::kGeluTanh, [](double x, P) { return gelu_tanh(x); });
  set1(t, Formula::kSwish, [](double x, P p) { return x * sigmoid(p[0] * x); });
  set1(t, Formula::kMish, [](double x, P) { return mish(x); });
  set1(t, Formula::kSoftplus, [](double x, P) { return softplus(x); });
  set1(t, Formula::kSoftsign, [](double x, P) { return softsign(x); });
  set1(t, Formula::kThresholdedRelu, [](double x, P p) { return x <= p[0] ? 0 : x; });
  set1(t, Formula::kShrink, [](double x, P p) {
    return x < -p[0] ? x + p[1] : x <= p[0] ? 0 : x - p[1];
  });
  set1(t, Formula::kClip, [](double x, P p) { return clamp(x, p[0], p[1]); });
}

void fill_trigonometry(LoopTable<double>& t) {
  using P = const float*;
  set1(t, Formula::kSin, [](double x, P) { return std::sin(x); });
  set1(t, Formula::kCos, [](double x, P) { return std::cos(x); });
  set1(t, Formula::kTan, [](double x, P) { return std::tan(x); });
  set1(t, Formula::kAsin, [](double x, P) { return std::asin(x); });
  set1(t, Formula::kAcos, [](double x, P) { return std::acos(x); });
  set1(t, Formula::kAtan, [](double x, P) { return std::atan(x); });
  set1(t, Formula::kSinh, [](double x, P) { return std::sinh(x); });
  set1(t, Formula::kCosh, [](double x, P) { return std::cosh(x); });
  set1(t, Formula::kAsinh, [](double x, P) { return std::asinh(x); });
  set1(t, Formula::kAcosh, [](double x, P) { return std::acosh(x); });
  set1(t, Formula::kAtanh, [](double x, P) { return std::atanh(x); });
}

void fill_two_and_three(LoopTable<double>& t) {
  using P = const float*;
  set2(t, Formula::kAdd, [](double a, double b) { return a + b; });
  set2(t, Formula::kSubtract, [](double a, double b) { return a - b; });
  set2(t, Formula::kMultiply, [](double a, double b) { return a * b; });
  set2(t, Formula::kDivide, [](double a, double b) { return a / b; });
  set2(t, Formula::kMinimum, [](double a, double b) { return a < b || a != a ? a : b; });
  set2(t, Formula::kMaximum, [](double a, double b) { return a > b || a != a ? a : b; });
  set2(t, Formula::kPower, [](double a, double b) { return std::pow(a, b); });
  set2(t, Formula::kRemainder, [](double a, double b) { return std::fmod(a, b); });
  set2(t, Formula::kModulo, [](double a, double b) { return modulo(a, b); });
  set2(t, Formula::kPRelu, [](double a, double b) { return a < 0 ? a * b : a; });
  set2(t, Formula::kLess, [](double a, double b) { return double(a < b); });
  set2(t, Formula::kLessOrEqual, [](double a, double b) { return double(a <= b); });
  set2(t, Formula::kEqual, [](double a, double b) { return double(a == b); });
  set2(t, Formula::kAnd, [](double a, double b) { return double(a != 0 && b != 0); });
  set2(t, Formula::kOr, [](double a, double b) { return double(a != 0 || b != 0); });
  set2(t, Formula::kXor, [](double a, double b) { return double((a != 0) != (b != 0)); });
  set3(t, Formula::kMultiplyAdd, [](double a, double b, double c, P) { return a * b + c; });
  set3(t, Formula::kSelect, [](double a, double b, double c, P) { return a != 0 ? b : c; });
  set3(t, Formula::kClamp, [](double a, double b, double c, P) { return clamp(a, b, c); });
  // As QuantizeLinear: the quotient is rounded to float before it is rounded to an integer.
  set3(t, Formula::kFakeQuantize, [](double x, double scale, double zero, P p) {
    const double quotient = static_cast<float>(x) / static_cast<float>(scale);
    const double low = p[0] - zero, high = p[1] - zero;
    const double above = quotient > low ? quotient : low;
    return scale * std::nearbyint(above < high ? above : high);
  });
}

LoopTable<double> make_table() {
  LoopTable<double> table;
  fill_arithmetic(table);
  fill_activations(table);
  fill_trigonometry(table);
  fill_two_and_three(table);
  return table;
}

}  // namespace

const LoopTable<double>& double_loops() {
  static const LoopTable<double> table = make_table();
  return table;
}

}  // namespace convoy::elementwise
