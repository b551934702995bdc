// Element types. The values are those of onnx::TensorProto::DataType.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "runtime/base/error.h"
#include "runtime/base/float16.h"

namespace convoy {

enum class DType : int32_t {
  kUndefined = 0,
  kFloat32 = 1,
  kUInt8 = 2,
  kInt8 = 3,
  kUInt16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kFloat64 = 11,
  kUInt32 = 12,
  kUInt64 = 13,
  kComplex64 = 14,
  kComplex128 = 15,
  kBFloat16 = 16,
  kFloat8E4M3FN = 17,
  kFloat8E4M3FNUZ = 18,
  kFloat8E5M2 = 19,
  kFloat8E5M2FNUZ = 20,
  kUInt4 = 21,
  kInt4 = 22,
  kFloat4E2M1 = 23,
  kFloat8E8M0 = 24,
  kUInt2 = 25,
  kInt2 = 26,
};

// Bits of one element as ONNX packs it; 0 for strings and undefined.
int bits_of(DType dtype);

// Bytes of one element in Convoy's memory. Types narrower than a byte take one byte an element
// in memory (and are packed only in files); a string element is a std::string.
size_t size_of(DType dtype);

// "float32", "int64", … as NumPy and ONNX spell them.
std::string_view to_string(DType dtype);

// True for a value of the enum above other than kUndefined.
bool is_known(DType dtype);

inline bool is_floating(DType t) {
  return t == DType::kFloat32 || t == DType::kFloat64 || t == DType::kFloat16 ||
         t == DType::kBFloat16;
}
// The 16-bit floats, whose values are all values of float32.
inline bool is_half(DType t) { return t == DType::kFloat16 || t == DType::kBFloat16; }
inline bool is_signed_integer(DType t) {
  return t == DType::kInt8 || t == DType::kInt16 || t == DType::kInt32 || t == DType::kInt64;
}
inline bool is_unsigned_integer(DType t) {
  return t == DType::kUInt8 || t == DType::kUInt16 || t == DType::kUInt32 || t == DType::kUInt64;
}

template <typename T>
struct DTypeOf;
#define CONVOY_DTYPE(type, value)                 \
  template <>                                     \
  struct DTypeOf<type> {                          \
    static constexpr DType kValue = DType::value; \
  }
CONVOY_DTYPE(float, kFloat32);
CONVOY_DTYPE(double, kFloat64);
CONVOY_DTYPE(Float16, kFloat16);
CONVOY_DTYPE(BFloat16, kBFloat16);
CONVOY_DTYPE(int8_t, kInt8);
CONVOY_DTYPE(uint8_t, kUInt8);
CONVOY_DTYPE(int16_t, kInt16);
CONVOY_DTYPE(uint16_t, kUInt16);
CONVOY_DTYPE(int32_t, kInt32);
CONVOY_DTYPE(uint32_t, kUInt32);
CONVOY_DTYPE(int64_t, kInt64);
CONVOY_DTYPE(uint64_t, kUInt64);
CONVOY_DTYPE(bool, kBool);
CONVOY_DTYPE(std::string, kString);
CONVOY_DTYPE(std::complex<float>, kComplex64);
CONVOY_DTYPE(std::complex<double>, kComplex128);
#undef CONVOY_DTYPE
template <typename T>
inline constexpr DType dtype_of = DTypeOf<T>::kValue;
template <typename T>
concept is_type_of_elements = requires { DTypeOf<T>::kValue; };

template <typename T>
struct TypeTag {
  using type = T;
};

// Calls visitor(TypeTag<T>{}) with the C++ type of dtype, one of Types; any other dtype is
// kUnsupported. Returns what the visitor returns.
template <typename... Types, typename Visitor>
decltype(auto) visit_dtype_among(DType dtype, Visitor&& visitor) {
  using First = std::tuple_element_t<0, std::tuple<Types...>>;
  using Result = decltype(visitor(TypeTag<First>{}));
  if constexpr (std::is_void_v<Result>) {
    bool done = ((dtype == dtype_of<Types> ? (visitor(TypeTag<Types>{}), true) : false) || ...);
    if (!done) fail(ErrorCode::kUnsupported, "element type {} is not supported", to_string(dtype));
  } else {
    Result result{};
    bool done =
        ((dtype == dtype_of<Types> ? (result = visitor(TypeTag<Types>{}), true) : false) || ...);
    if (!done) fail(ErrorCode::kUnsupported, "element type {} is not supported", to_string(dtype));
    return result;
  }
}

// visit_dtype_among over float32/64/16, bfloat16.
template <typename Visitor>
decltype(auto) visit_floating(DType dtype, Visitor&& visitor) {
  return visit_dtype_among<float, double, Float16, BFloat16>(dtype, visitor);
}

// … plus all integers.
template <typename Visitor>
decltype(auto) visit_numeric(DType dtype, Visitor&& visitor) {
  return visit_dtype_among<float, int64_t, int32_t, double, Float16, BFloat16, int8_t, uint8_t,
                           int16_t, uint16_t, uint32_t, uint64_t>(dtype, visitor);
}

}  // namespace convoy
