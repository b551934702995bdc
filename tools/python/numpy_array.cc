#include "tools/python/numpy_array.h"

#include <memory>
#include <vector>

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <numpy/arrayobject.h>

namespace nb = nanobind;

namespace convoy::python {
namespace {

struct TypePair {
  DType dtype;
  int number;  // NumPy's
};

constexpr TypePair kTypes[] = {
    {DType::kFloat32, NPY_FLOAT32},     {DType::kFloat64, NPY_FLOAT64},
    {DType::kFloat16, NPY_FLOAT16},     {DType::kInt64, NPY_INT64},
    {DType::kInt32, NPY_INT32},         {DType::kInt16, NPY_INT16},
    {DType::kInt8, NPY_INT8},           {DType::kUInt64, NPY_UINT64},
    {DType::kUInt32, NPY_UINT32},       {DType::kUInt16, NPY_UINT16},
    {DType::kUInt8, NPY_UINT8},         {DType::kBool, NPY_BOOL},
    {DType::kComplex64, NPY_COMPLEX64}, {DType::kComplex128, NPY_COMPLEX128},
};

DType dtype_of(int number) {
  for (const TypePair& pair : kTypes) {
    if (pair.number == number) return pair.dtype;
  }
  return DType::kUndefined;
}

int number_of(DType dtype) {
  for (const TypePair& pair : kTypes) {
    if (pair.dtype == dtype) return pair.number;
  }
  return size_of(dtype) == 2 ? NPY_UINT16 : NPY_UINT8;
}

}  // namespace

void import_numpy() {
  if (_import_array() < 0) throw nb::python_error();
}

std::optional<Tensor> borrow_array(nb::handle object) {
  if (!PyArray_Check(object.ptr())) return std::nullopt;
  auto* array = reinterpret_cast<PyArrayObject*>(object.ptr());
  if (!PyArray_ISBEHAVED_RO(array)) return std::nullopt;
  TensorDesc desc;
  desc.dtype = dtype_of(PyArray_TYPE(array));
  if (desc.dtype == DType::kUndefined) return std::nullopt;
  const npy_intp size = PyArray_ITEMSIZE(array);
  for (int i = 0; i < PyArray_NDIM(array); ++i) {
    if (PyArray_STRIDE(array, i) % size != 0) return std::nullopt;
    desc.shape.push_back(PyArray_DIM(array, i));
    desc.strides.push_back(PyArray_STRIDE(array, i) / size);
  }
  return Tensor::borrow({desc, PyArray_DATA(array)});
}

nb::object make_array(const Tensor& tensor) {
  auto owned = std::make_unique<Tensor>(tensor);
  nb::capsule owner(owned.get(), [](void* p) noexcept { delete static_cast<Tensor*>(p); });
  owned.release();
  std::vector<npy_intp> shape(tensor.shape().begin(), tensor.shape().end());
  nb::object array = nb::steal(PyArray_New(&PyArray_Type, static_cast<int>(shape.size()),
                                           shape.data(), number_of(tensor.dtype()), nullptr,
                                           tensor.raw(), 0, NPY_ARRAY_CARRAY, nullptr));
  if (!array.is_valid()) throw nb::python_error();
  auto* made = reinterpret_cast<PyArrayObject*>(array.ptr());
  if (PyArray_SetBaseObject(made, owner.release().ptr()) < 0) throw nb::python_error();
  return array;
}

}  // namespace convoy::python
