// NumPy's .npy files.
#pragma once

#include <string>

#include "runtime/tensor/tensor.h"

namespace convoy {

// An array of bool, integers, floating or complex numbers, or text, in either byte order and either
// memory order, always returned contiguous. Throws kInvalidInput, with the file, for anything else
// (object arrays hold Python pickles and are refused).
Tensor read_npy(const std::string& path);

// Version 1 of the format. Types that NumPy lacks are written as raw items ("V1", "V2"), as
// ml_dtypes does; they cannot be read back. Throws kInvalidInput when the file cannot be written.
void write_npy(const std::string& path, const Tensor& tensor);

}  // namespace convoy
