// Functions without vectors, one number at a time.
#include <cmath>

#include "ops/kernels/elementwise/loops.h"

namespace convoy::elementwise {
namespace {

template <float (*kFunction)(float)>
void loop1(const LoopArguments<float>& arguments) {
  const float* x = arguments.operands[0];
  int64_t step = arguments.repeated[0] ? 0 : 1;
  for (int64_t i = 0; i < arguments.count; ++i) arguments.result[i] = kFunction(x[i * step]);
}

template <float (*kFunction)(float, float)>
void loop2(const LoopArguments<float>& arguments) {
  const float* a = arguments.operands[0];
  const float* b = arguments.operands[1];
  int64_t step_a = arguments.repeated[0] ? 0 : 1;
  int64_t step_b = arguments.repeated[1] ? 0 : 1;
  for (int64_t i = 0; i < arguments.count; ++i) {
    arguments.result[i] = kFunction(a[i * step_a], b[i * step_b]);
  }
}

float modulo(float a, float b) {
  float rest = std::fmod(a, b);
  if (rest == 0.0f) return std::copysign(0.0f, b);
  return (rest < 0.0f) != (b < 0.0f) ? rest + b : rest;
}

}  // namespace

void fill_scalar_loops(LoopTable<float>& table) {
  auto set = [&](Formula formula, Loop<float> loop) {
    table.loops[static_cast<int>(formula)] = loop;
  };
  set(Formula::kTan, loop1<std::tan>);
  set(Formula::kAsin, loop1<std::asin>);
  set(Formula::kAcos, loop1<std::acos>);
  set(Formula::kAtan, loop1<std::atan>);
  set(Formula::kSinh, loop1<std::sinh>);
  set(Formula::kCosh, loop1<std::cosh>);
  set(Formula::kAsinh, loop1<std::asinh>);
  set(Formula::kAcosh, loop1<std::acosh>);
  set(Formula::kAtanh, loop1<std::atanh>);
  set(Formula::kPower, loop2<std::pow>);
  set(Formula::kRemainder, loop2<std::fmod>);
  set(Formula::kModulo, loop2<modulo>);
}

}  // namespace convoy::elementwise
