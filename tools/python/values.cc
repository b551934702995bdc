#include "tools/python/values.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include "tools/python/numpy_array.h"

namespace nb = nanobind;

namespace convoy::python {
namespace {

using Array = nb::ndarray<nb::ro>;
using Code = nb::dlpack::dtype_code;

DType dtype_of_array(nb::dlpack::dtype type) {
  auto code = static_cast<Code>(type.code);
  if (type.lanes != 1) return DType::kUndefined;
  switch (code) {
    case Code::Float:
      return type.bits == 32   ? DType::kFloat32
             : type.bits == 64 ? DType::kFloat64
             : type.bits == 16 ? DType::kFloat16
                               : DType::kUndefined;
    case Code::Int:
      return type.bits == 64   ? DType::kInt64
             : type.bits == 32 ? DType::kInt32
             : type.bits == 16 ? DType::kInt16
                               : DType::kInt8;
    case Code::UInt:
      return type.bits == 64   ? DType::kUInt64
             : type.bits == 32 ? DType::kUInt32
             : type.bits == 16 ? DType::kUInt16
                               : DType::kUInt8;
    case Code::Bool: return DType::kBool;
    case Code::Complex: return type.bits == 64 ? DType::kComplex64 : DType::kComplex128;
    default: return DType::kUndefined;
  }
}

bool is_exotic(DType dtype) {
  return dtype == DType::kBFloat16 || static_cast<int>(dtype) > static_cast<int>(DType::kBFloat16);
}

Tensor borrow(const Array& array, DType dtype) {
  TensorDesc desc;
  desc.dtype = dtype;
  for (size_t i = 0; i < array.ndim(); ++i) {
    desc.shape.push_back(static_cast<int64_t>(array.shape(i)));
    desc.strides.push_back(array.stride(i));
  }
  return Tensor::borrow({desc, const_cast<void*>(array.data())});
}

Tensor strings(const nb::list& items, const nb::tuple& shape) {
  Shape sizes;
  for (nb::handle size : shape) sizes.push_back(nb::cast<int64_t>(size));
  Tensor tensor = Tensor::allocate(DType::kString, sizes);
  auto* data = tensor.mutable_data<std::string>();
  for (size_t i = 0; i < items.size(); ++i) data[i] = nb::cast<std::string>(items[i]);
  return tensor;
}

Value from_list(const nb::list& list) {
  auto sequence = std::make_shared<Sequence>();
  for (nb::handle item : list) sequence->elements.push_back(to_value(item));
  if (!sequence->elements.empty() && sequence->elements[0].is_tensor()) {
    sequence->element_dtype = sequence->elements[0].tensor().dtype();
  }
  return Value(std::shared_ptr<const Sequence>(std::move(sequence)));
}

// (dtype number, array) or (dtype number, list of strings, shape), as convoy._values makes them.
Value from_encoded(const nb::tuple& encoded) {
  auto dtype = static_cast<DType>(nb::cast<int>(encoded[0]));
  if (dtype == DType::kString) {
    return strings(nb::cast<nb::list>(encoded[1]), nb::cast<nb::tuple>(encoded[2]));
  }
  // The encoded array is temporary: keep a copy.
  return borrow(nb::cast<Array>(encoded[1]), dtype).clone();
}

nb::object strings_to_python(const Tensor& tensor) {
  nb::list items;
  for (const std::string& item : tensor.contiguous().values<std::string>()) {
    items.append(nb::bytes(item.data(), item.size()));
  }
  nb::list shape;
  for (int64_t size : tensor.shape()) shape.append(size);
  nb::module_ values = nb::module_::import_("convoy._values");
  return values.attr("decode_strings")(items, nb::tuple(shape));
}

nb::object tensor_to_python(const Tensor& value) {
  if (value.dtype() == DType::kString) return strings_to_python(value);
  nb::object array = make_array(value.contiguous());
  if (!is_exotic(value.dtype())) return array;
  nb::module_ values = nb::module_::import_("convoy._values");
  return values.attr("decode")(static_cast<int>(value.dtype()), array);
}

}  // namespace

Value to_value(nb::handle object) {
  if (std::optional<Tensor> array = borrow_array(object)) return *std::move(array);
  if (object.is_none()) return Optional{};
  if (nb::isinstance<nb::list>(object)) return from_list(nb::cast<nb::list>(object));
  Array array;
  if (nb::try_cast(object, array, false) && array.device_type() == nb::device::cpu::value) {
    DType dtype = dtype_of_array(array.dtype());
    if (dtype != DType::kUndefined) return borrow(array, dtype);
  }
  nb::object encoded = nb::module_::import_("convoy._values").attr("encode")(object);
  return from_encoded(nb::cast<nb::tuple>(encoded));
}

nb::object to_python(const Value& value) {
  if (value.is_tensor()) return tensor_to_python(value.tensor());
  if (value.is_sequence()) {
    nb::list list;
    for (const Value& element : value.sequence().elements) list.append(to_python(element));
    return list;
  }
  if (value.is_optional() && !value.optional().empty()) {
    return to_python(*value.optional().element);
  }
  return nb::none();
}

}  // namespace convoy::python
