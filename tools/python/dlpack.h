// Tensors for other libraries (DLPack), of types that NumPy's own export refuses.
#pragma once

#include <nanobind/nanobind.h>

namespace convoy::python {

// A capsule over the memory of an array of bits, row-major, whose elements are of the type of that
// number; the capsule keeps the array alive. Throws Error (kUnsupported) for types that DLPack has
// no code for.
nanobind::object dlpack_capsule(const nanobind::object& bits, int dtype);

// (number of the element type, array of its bits over the same memory) of a capsule or of an object
// that gives one, on the CPU and of a type that dlpack_capsule takes. Throws Error (kInvalidInput)
// for others.
nanobind::tuple from_dlpack(const nanobind::object& source);

}  // namespace convoy::python
