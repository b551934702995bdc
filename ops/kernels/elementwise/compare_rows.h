// Comparisons of rows of elements of one type.
#pragma once

#include <cstdint>

#include "runtime/base/dtype.h"

namespace convoy::elementwise {

enum class Comparison { kEqual, kLess, kLessOrEqual };

// out[i * out_step] = a[i * a_step] ? b[i * b_step] for i < count; steps count elements.
using CompareRow = void (*)(const void* a, int64_t a_step, const void* b, int64_t b_step, bool* out,
                            int64_t out_step, int64_t count);

// Numbers and bool; throws kUnsupported for other types.
CompareRow compare_row(Comparison comparison, DType dtype);

}  // namespace convoy::elementwise
