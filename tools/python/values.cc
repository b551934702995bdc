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
  for (size_t i = 0; i < items.size(); ++i) data[i] = text_of(items[i]);
  return tensor;
}

// Of one type where they are, else float64 for numbers of several types; nullopt for what no map
// holds.
std::optional<DType> type_of_entries(const nb::list& entries) {
  DType dtype = DType::kUndefined;
  for (nb::handle entry : entries) {
    const bool integer = PyLong_Check(entry.ptr()) || PyIndex_Check(entry.ptr());
    const bool text = nb::isinstance<nb::str>(entry) || nb::isinstance<nb::bytes>(entry);
    if (!text && !integer && !PyNumber_Check(entry.ptr())) return std::nullopt;
    const DType own = text ? DType::kString : integer ? DType::kInt64 : DType::kFloat64;
    if (dtype == DType::kUndefined) dtype = own;
    if (dtype == own) continue;
    if (dtype == DType::kString || own == DType::kString) return std::nullopt;
    dtype = DType::kFloat64;
  }
  return dtype;
}

int64_t integer_of(nb::handle object) {
  nb::object exact = nb::steal(PyNumber_Index(object.ptr()));
  const long long value = exact.is_valid() ? PyLong_AsLongLong(exact.ptr()) : -1;
  if (PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    fail(ErrorCode::kInvalidInput, "a number of a dictionary does not fit int64");
  }
  return value;
}

double number_of(nb::handle object) {
  const double value = PyFloat_AsDouble(object.ptr());
  if (PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    fail(ErrorCode::kInvalidInput, "a value of a dictionary is no number");
  }
  return value;
}

Tensor entries_to_tensor(const nb::list& entries, DType dtype) {
  Tensor tensor = Tensor::allocate(dtype, {static_cast<int64_t>(entries.size())});
  for (size_t i = 0; i < entries.size(); ++i) {
    if (dtype == DType::kString) {
      tensor.mutable_data<std::string>()[i] = text_of(entries[i]);
    } else if (dtype == DType::kInt64) {
      tensor.mutable_data<int64_t>()[i] = integer_of(entries[i]);
    } else {
      tensor.mutable_data<double>()[i] = number_of(entries[i]);
    }
  }
  return tensor;
}

// Values are int64, float64 or strings; the session converts them to what the model declares.
Value from_dict(const nb::dict& dict) {
  const std::optional<DType> keys = type_of_entries(dict.keys());
  const std::optional<DType> values = type_of_entries(dict.values());
  check_input(keys && *keys != DType::kFloat64,
              "the keys of a dictionary are not all strings or "
              "all integers");
  check_input(values.has_value(), "the values of a dictionary are not all strings or all numbers");
  auto map = std::make_shared<Map>();
  if (*keys == DType::kInt64) {
    std::vector<int64_t> integers;
    for (nb::handle key : dict.keys()) integers.push_back(integer_of(key));
    map->keys = std::move(integers);
  } else {
    std::vector<std::string> texts;
    for (nb::handle key : dict.keys()) texts.push_back(text_of(key));
    map->keys = std::move(texts);
  }
  map->values =
      entries_to_tensor(dict.values(), *values == DType::kUndefined ? DType::kFloat64 : *values);
  return Value(std::shared_ptr<const Map>(std::move(map)));
}

Value from_list(const nb::list& list, const ValueType* type) {
  const ValueType* element = type != nullptr ? type->element.get() : nullptr;
  auto sequence = std::make_shared<Sequence>();
  for (nb::handle item : list) sequence->elements.push_back(to_value(item, element));
  if (!sequence->elements.empty() && sequence->elements[0].is_tensor()) {
    sequence->element_dtype = sequence->elements[0].tensor().dtype();
  } else if (element != nullptr && element->is_tensor()) {
    sequence->element_dtype = element->dtype;
  }
  return Value(std::shared_ptr<const Sequence>(std::move(sequence)));
}

// (dtype number, array) or (dtype number, list of strings, shape), as convoy._values makes them.
// The tensor reads the array in place.
Tensor from_encoded(const nb::tuple& encoded) {
  auto dtype = static_cast<DType>(nb::cast<int>(encoded[0]));
  if (dtype == DType::kString) {
    return strings(nb::cast<nb::list>(encoded[1]), nb::cast<nb::tuple>(encoded[2]));
  }
  return borrow(nb::cast<Array>(encoded[1]), dtype);
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

nb::object text_to_python(const std::string& text) {
  PyObject* decoded =
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "surrogateescape");
  if (decoded == nullptr) nb::raise_python_error();
  return nb::steal(decoded);
}

nb::object map_to_python(const Map& map) {
  nb::dict dict;
  const Tensor values = map.values.contiguous();
  visit_dtype_among<float, double, int64_t, std::string>(values.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    auto python_value = [&](size_t i) -> nb::object {
      const T& value = values.values<T>()[i];
      if constexpr (std::is_same_v<T, std::string>) {
        return text_to_python(value);
      } else if constexpr (std::is_floating_point_v<T>) {
        return nb::float_(static_cast<double>(value));
      } else {
        return nb::int_(value);
      }
    };
    std::visit(
        [&](const auto& keys) {
          for (size_t i = 0; i < keys.size(); ++i) {
            if constexpr (std::is_same_v<std::decay_t<decltype(keys[i])>, std::string>) {
              dict[text_to_python(keys[i])] = python_value(i);
            } else {
              dict[nb::int_(keys[i])] = python_value(i);
            }
          }
        },
        map.keys);
  });
  return dict;
}

}  // namespace

std::string text_of(nb::handle object) {
  if (nb::isinstance<nb::bytes>(object)) {
    auto bytes = nb::cast<nb::bytes>(object);
    return {bytes.c_str(), bytes.size()};
  }
  check_input(nb::isinstance<nb::str>(object), "a name or a string of a tensor is no text");
  Py_ssize_t size = 0;
  if (const char* text = PyUnicode_AsUTF8AndSize(object.ptr(), &size)) {
    return {text, static_cast<size_t>(size)};
  }
  PyErr_Clear();
  nb::object bytes = nb::steal(PyUnicode_AsEncodedString(object.ptr(), "utf-8", "surrogateescape"));
  if (bytes.is_valid()) return text_of(bytes);
  PyErr_Clear();
  fail(ErrorCode::kInvalidInput, "a text has a surrogate that stands for no byte");
}

Value to_value(nb::handle object, const ValueType* type) {
  if (std::optional<Tensor> array = borrow_array(object)) return *std::move(array);
  if (object.is_none()) return Optional{};
  if (type != nullptr && type->kind == ValueType::Kind::kOptional) {
    return to_value(object, type->element.get());
  }
  bool to_tensor = type != nullptr && type->is_tensor();
  if (nb::isinstance<nb::list>(object) && !to_tensor) {
    return from_list(nb::cast<nb::list>(object), type);
  }
  if (nb::isinstance<nb::dict>(object)) return from_dict(nb::cast<nb::dict>(object));
  if (nb::hasattr(object, "_as_feed")) {
    nb::object feed = object.attr("_as_feed")();
    if (nb::isinstance<nb::tuple>(feed)) return from_encoded(nb::cast<nb::tuple>(feed));
    return to_value(feed, type);
  }
  Array array;
  if (nb::try_cast(object, array, false) && array.device_type() == nb::device::cpu::value) {
    DType dtype = dtype_of_array(array.dtype());
    if (dtype != DType::kUndefined) return borrow(array, dtype);
  }
  DType wanted = to_tensor ? type->dtype : DType::kUndefined;
  nb::module_ values = nb::module_::import_("convoy._values");
  nb::object encoded = values.attr("encode")(object, static_cast<int>(wanted));
  // The encoded array is temporary: keep a copy.
  return from_encoded(nb::cast<nb::tuple>(encoded)).clone();
}

nb::object to_python(const Value& value) {
  if (value.is_tensor()) return tensor_to_python(value.tensor());
  if (value.is_sequence()) {
    nb::list list;
    for (const Value& element : value.sequence().elements) list.append(to_python(element));
    return list;
  }
  if (value.is_map()) return map_to_python(value.map());
  if (value.is_optional() && !value.optional().empty()) {
    return to_python(*value.optional().element);
  }
  return nb::none();
}

}  // namespace convoy::python
