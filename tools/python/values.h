// Between Python objects and Convoy's values.
#pragma once

#include <string>

#include <nanobind/nanobind.h>

#include "runtime/graph/value_type.h"
#include "runtime/tensor/value.h"

namespace convoy::python {

// NumPy arrays (strided ones too) are borrowed, not copied, for as long as `object` lives; None is
// an empty optional, a dict a map, an OrtValue what it holds. Lists and scalars become tensors of
// the element type of `type` where that is a tensor's, lists sequences elsewhere. Other objects
// (strings, ml_dtypes) go through convoy._values.encode. `type` may be nullptr. Throws Error
// (kInvalidInput) for what cannot be a value.
Value to_value(nanobind::handle object, const ValueType* type = nullptr);

// The bytes of a str in UTF-8, with those that its surrogates stand for (PEP 383); or bytes. Throws
// Error (kInvalidInput) for anything else.
std::string text_of(nanobind::handle object);

// Arrays share the tensor's memory and keep it alive; sequences are lists, maps dicts.
nanobind::object to_python(const Value& value);

}  // namespace convoy::python
