// Conversion of element types, as ONNX's Cast defines it.
#pragma once

#include "ops/kernels/cast/narrow_float.h"
#include "runtime/base/parallel_for.h"
#include "runtime/device/tensor_view.h"

namespace convoy {

// False for pairs that ONNX has no conversion for (complex numbers to others).
bool can_cast(DType from, DType to);

// Converts the elements of plain views of equal shape, any strides. Floats become integers by
// truncation, narrower integers keep their low bits; what does not fit an integer type is
// unspecified but harmless, strings that are no numbers throw kInvalidInput.
void cast_elements(const TensorView& from, const TensorView& to, const NarrowOptions& options,
                   ThreadPool& threads);

// Elements of any type but strings and complex numbers as floats, every `step`-th.
void load_as_float(DType dtype, const void* from, int64_t step, float* to, int64_t count);

}  // namespace convoy
