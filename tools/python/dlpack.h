// Tensors for other libraries (DLPack), of types that NumPy's own export refuses.
#pragma once

#include <nanobind/nanobind.h>

namespace convoy::python {

// A capsule over the memory of an array of bits, row-major, whose elements are of the type of that
// number; the capsule keeps the array alive. Throws Error (kUnsupported) for types that DLPack has
// no code for.
nanobind::object dlpack_capsule(const nanobind::object& bits, int dtype);

}  // namespace convoy::python
