// Types of values, from and to protobuf.
#pragma once

#include "runtime/graph/value_type.h"
#include "runtime/onnx/protobuf.h"

namespace convoy {

// Throws kInvalidModel for negative sizes and element types that ONNX does not define.
ValueType type_from_proto(const onnx::TypeProto& proto);

// kUnknown leaves the proto without a value.
void type_to_proto(const ValueType& type, onnx::TypeProto& proto);

// DType of a TensorProto::DataType; throws kInvalidModel when it is none.
DType dtype_from_proto(int32_t data_type);

}  // namespace convoy
