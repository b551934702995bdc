// Loops over runs of neighbouring floats that normalizations and reductions are made of, by
// instruction set.
#pragma once

#include <cstdint>

#include "runtime/device/per_isa.h"

namespace convoy {

// One reduction; both merge into totals that the caller initialized with the neutral element.
struct RunReduction {
  // *total gets n floats.
  void (*row)(const float* x, int64_t n, double* total);
  // total[k] gets x[i · stride + k] for i < n, k < width.
  void (*columns)(const float* x, int64_t n, int64_t stride, int64_t width, double* total);
};

struct RowKernels {
  RunReduction sum;
  RunReduction sum_abs;
  RunReduction sum_squares;
  RunReduction max;  // NaN if any is NaN
  RunReduction min;

  // *sum gets Σ (x - center), *squares Σ (x - center)².
  void (*deviation)(const float* x, int64_t n, float center, double* sum, double* squares);
  // y = (x - center) · factor + addend; x may be y here and below. The digits of `center` beyond
  // float's count, so that values close to a large center keep theirs.
  void (*affine)(const float* x, float* y, int64_t n, double center, float factor, float addend);
  // y[k] = (x[k] - center[k]) · factor[k] + addend[k]
  void (*affine_each)(const float* x, float* y, int64_t n, const float* center, const float* factor,
                      const float* addend);
  // y[k] = (x[k] - center) · factor · scale[k] + bias[k]; scale and bias may be null. All digits of
  // `center` count.
  void (*normalize)(const float* x, float* y, int64_t n, double center, float factor,
                    const float* scale, const float* bias);
};

const RowKernels& row_kernels(Isa isa);

CONVOY_DECLARE_PER_ISA(extern const RowKernels, row_kernels);

}  // namespace convoy
