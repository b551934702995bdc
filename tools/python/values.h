// Between Python objects and Convoy's values.
#pragma once

#include <nanobind/nanobind.h>

#include "runtime/tensor/value.h"

namespace convoy::python {

// NumPy arrays (strided ones too) are borrowed, not copied, for as long as `object` lives; lists
// are sequences, dictionaries maps, None is an empty optional. Other objects (strings, ml_dtypes,
// scalars) go through convoy._values.encode. Throws Error (kInvalidInput) for what cannot be a
// value.
Value to_value(nanobind::handle object);

// Arrays share the tensor's memory and keep it alive.
nanobind::object to_python(const Value& value);

}  // namespace convoy::python
