// Rows of stored elements to and from the numbers that loops work on.
#pragma once

#include "runtime/base/dtype.h"

namespace convoy::elementwise {

// `step` in elements. Reads count elements from `from` into contiguous numbers.
template <typename Real>
using LoadRow = void (*)(const void* from, int64_t step, Real* to, int64_t count);
template <typename Real>
using StoreRow = void (*)(const Real* from, void* to, int64_t step, int64_t count);

// nullptr for types that cannot be loaded or stored as real numbers. Loads: floating types, bool,
// integers. Stores: floating types, and bool (true for any number but 0).
template <typename Real>
LoadRow<Real> row_loader(DType dtype);
template <typename Real>
StoreRow<Real> row_storer(DType dtype);

}  // namespace convoy::elementwise
