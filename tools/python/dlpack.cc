#include "tools/python/dlpack.h"

#include <memory>
#include <vector>

#include <nanobind/ndarray.h>

#include "tools/python/numpy_array.h"

namespace nb = nanobind;

namespace convoy::python {
namespace {

using Code = nb::dlpack::dtype_code;

struct TypePair {
  DType dtype;
  Code code;
};

constexpr TypePair kTypes[] = {
    {DType::kBFloat16, Code::Bfloat},
    {DType::kFloat8E4M3FN, Code::Float8_E4M3FN},
    {DType::kFloat8E4M3FNUZ, Code::Float8_E4M3FNUZ},
    {DType::kFloat8E5M2, Code::Float8_E5M2},
    {DType::kFloat8E5M2FNUZ, Code::Float8_E5M2FNUZ},
    {DType::kFloat8E8M0, Code::Float8_E8M0FNU},
};

nb::dlpack::dtype element_of(Code code, DType dtype) {
  return {static_cast<uint8_t>(code), static_cast<uint8_t>(8 * size_of(dtype)), 1};
}

Code code_of(DType dtype) {
  for (const TypePair& pair : kTypes) {
    if (pair.dtype == dtype) return pair.code;
  }
  fail(ErrorCode::kUnsupported, "DLPack has no tensors of {}", to_string(dtype));
}

DType dtype_of(nb::dlpack::dtype element) {
  for (const TypePair& pair : kTypes) {
    if (element == element_of(pair.code, pair.dtype)) return pair.dtype;
  }
  fail(ErrorCode::kInvalidInput, "a DLPack tensor has a type that is not read: code {}, {} bits",
       element.code, element.bits);
}

}  // namespace

nb::object dlpack_capsule(const nb::object& bits, int dtype) {
  const auto type = static_cast<DType>(dtype);
  const Code code = code_of(type);
  std::optional<Tensor> tensor = borrow_array(bits);
  check_input(tensor && size_of(tensor->dtype()) == size_of(type), "{} is given by other bits",
              to_string(type));
  check_input(tensor->desc().count() == 0 || is_contiguous(tensor->shape(), tensor->desc().strides),
              "bits for DLPack are not row-major");
  const std::vector<size_t> shape(tensor->shape().begin(), tensor->shape().end());
  return nb::cast(nb::ndarray<>(tensor->raw(), shape.size(), shape.data(), bits, nullptr,
                                element_of(code, type)));
}

nb::tuple from_dlpack(const nb::object& source) {
  nb::ndarray<> array;
  check_input(nb::try_cast(source, array) && array.device_type() == nb::device::cpu::value,
              "no DLPack tensor on the CPU is given");
  const DType dtype = dtype_of(array.dtype());
  std::vector<size_t> shape;
  std::vector<int64_t> strides;
  for (size_t i = 0; i < array.ndim(); ++i) {
    shape.push_back(array.shape(i));
    strides.push_back(array.stride(i));
  }
  auto owned = std::make_unique<nb::ndarray<>>(array);
  nb::capsule owner(owned.get(), [](void* p) noexcept { delete static_cast<nb::ndarray<>*>(p); });
  owned.release();
  nb::ndarray<nb::numpy> bits(array.data(), shape.size(), shape.data(), owner, strides.data(),
                              element_of(Code::UInt, dtype));
  return nb::make_tuple(static_cast<int>(dtype), nb::cast(bits));
}

}  // namespace convoy::python
