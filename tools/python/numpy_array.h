// NumPy arrays by NumPy's own interface: a call of a small model costs little more than its
// arrays, which the protocols for arrays of any library make several times as dear.
#pragma once

#include <optional>

#include <nanobind/nanobind.h>

#include "runtime/tensor/tensor.h"

namespace convoy::python {

// Once, before the others. Throws nanobind::python_error where NumPy cannot be imported.
void import_numpy();

// A tensor over the memory of a NumPy array, for as long as that lives; nothing where `object` is
// none, or one whose type, byte order or alignment a tensor does not have.
std::optional<Tensor> borrow_array(nanobind::handle object);

// An array that shares the memory of a contiguous tensor and keeps it alive. Types that NumPy lacks
// come as unsigned integers of their size.
nanobind::object make_array(const Tensor& tensor);

}  // namespace convoy::python
