// Loops over contiguous numbers: y[i] = f(a[i], b[i], c[i]).
#pragma once

#include "ops/kernels/elementwise/formula.h"
#include "runtime/device/per_isa.h"

namespace convoy::elementwise {

// `result` may be equal to an operand, but must not overlap one otherwise.
template <typename Real>
struct LoopArguments {
  const Real* operands[kMaxArity];
  bool repeated[kMaxArity];  // the operand is one number for all i
  Real* result;
  int64_t count;
  const float* parameters;  // kMaxParameters of them
};

template <typename Real>
using Loop = void (*)(const LoopArguments<Real>&);

template <typename Real>
struct LoopTable {
  Loop<Real> loops[kFormulaCount] = {};
  // Rows of half precision, as LoadRow and StoreRow; nullptr where there is nothing special.
  void (*load_half)(const void* from, int64_t step, Real* to, int64_t count) = nullptr;
  void (*store_half)(const Real* from, void* to, int64_t step, int64_t count) = nullptr;
  Loop<Real> operator[](Formula formula) const { return loops[static_cast<int>(formula)]; }
};

// Vectors for the instruction set; relative error of the transcendental functions below 1e-6, NaN
// and infinities as in libm. A result depends on its operands only, never on its place.
const LoopTable<float>& float_loops(Isa isa);

// The reference, and the kernels of float64: libm in double precision.
const LoopTable<double>& double_loops();

void fill_scalar_loops(LoopTable<float>& table);
// Formulas without vectors are left as they are.
using FillLoops = void(LoopTable<float>& table);
CONVOY_DECLARE_PER_ISA(FillLoops, fill_loops);

}  // namespace convoy::elementwise
