#include "tools/python/dlpack.h"

#include <vector>

#include <nanobind/ndarray.h>

#include "tools/python/numpy_array.h"

namespace nb = nanobind;

namespace convoy::python {
namespace {

using Code = nb::dlpack::dtype_code;

Code code_of(DType dtype) {
  switch (dtype) {
    case DType::kBFloat16: return Code::Bfloat;
    case DType::kFloat8E4M3FN: return Code::Float8_E4M3FN;
    case DType::kFloat8E4M3FNUZ: return Code::Float8_E4M3FNUZ;
    case DType::kFloat8E5M2: return Code::Float8_E5M2;
    case DType::kFloat8E5M2FNUZ: return Code::Float8_E5M2FNUZ;
    case DType::kFloat8E8M0: return Code::Float8_E8M0FNU;
    default: fail(ErrorCode::kUnsupported, "DLPack has no tensors of {}", to_string(dtype));
  }
}

}  // namespace

nb::object dlpack_capsule(const nb::object& bits, int dtype) {
  const auto type = static_cast<DType>(dtype);
  const Code code = code_of(type);
  std::optional<Tensor> tensor = borrow_array(bits);
  check_input(tensor && is_contiguous(tensor->shape(), tensor->desc().strides) &&
                  size_of(tensor->dtype()) == size_of(type),
              "{} is given by other bits", to_string(type));
  const std::vector<size_t> shape(tensor->shape().begin(), tensor->shape().end());
  const nb::dlpack::dtype element{static_cast<uint8_t>(code),
                                  static_cast<uint8_t>(8 * size_of(type)), 1};
  return nb::cast(nb::ndarray<>(tensor->raw(), shape.size(), shape.data(), bits, nullptr, element));
}

}  // namespace convoy::python
