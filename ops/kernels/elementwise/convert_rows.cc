#include "ops/kernels/elementwise/convert_rows.h"

#include "runtime/device/half_rows.h"

namespace convoy::elementwise {
namespace {

template <typename Real, typename T>
void load_row(const void* from, int64_t step, Real* to, int64_t count) {
  const T* source = static_cast<const T*>(from);
  if (step == 1) {
    for (int64_t i = 0; i < count; ++i) to[i] = static_cast<Real>(source[i]);
  } else {
    for (int64_t i = 0; i < count; ++i) to[i] = static_cast<Real>(source[i * step]);
  }
}

template <typename Real, typename T>
void store_row(const Real* from, void* to, int64_t step, int64_t count) {
  T* target = static_cast<T*>(to);
  auto convert = [](Real value) -> T {
    if constexpr (std::is_same_v<T, bool>)
      return value != 0;
    else if constexpr (std::is_same_v<T, double>)
      return value;
    else
      return T(static_cast<float>(value));
  };
  if (step == 1) {
    for (int64_t i = 0; i < count; ++i) target[i] = convert(from[i]);
  } else {
    for (int64_t i = 0; i < count; ++i) target[i * step] = convert(from[i]);
  }
}

const HalfRows& rows() { return half_rows(best_isa()); }

template <typename T>
void load_half_row(const void* from, int64_t step, float* to, int64_t count) {
  if (step != 1) return load_row<float, T>(from, step, to, count);
  constexpr bool is_float16 = std::is_same_v<T, Float16>;
  WidenRow widen = is_float16 ? rows().widen_float16 : rows().widen_bfloat16;
  widen(static_cast<const uint16_t*>(from), to, count);
}

template <typename T>
void store_half_row(const float* from, void* to, int64_t step, int64_t count) {
  if (step != 1) return store_row<float, T>(from, to, step, count);
  constexpr bool is_float16 = std::is_same_v<T, Float16>;
  NarrowRow narrow = is_float16 ? rows().narrow_float16 : rows().narrow_bfloat16;
  narrow(from, static_cast<uint16_t*>(to), count);
}

template <typename Real, typename T>
LoadRow<Real> half_loader() {
  if constexpr (std::is_same_v<Real, float>)
    return load_half_row<T>;
  else
    return load_row<Real, T>;
}

template <typename Real, typename T>
StoreRow<Real> half_storer() {
  if constexpr (std::is_same_v<Real, float>)
    return store_half_row<T>;
  else
    return store_row<Real, T>;
}

}  // namespace

template <typename Real>
LoadRow<Real> row_loader(DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return load_row<Real, float>;
    case DType::kFloat64: return load_row<Real, double>;
    case DType::kFloat16: return half_loader<Real, Float16>();
    case DType::kBFloat16: return half_loader<Real, BFloat16>();
    case DType::kBool: return load_row<Real, bool>;
    case DType::kInt8: return load_row<Real, int8_t>;
    case DType::kUInt8: return load_row<Real, uint8_t>;
    case DType::kInt16: return load_row<Real, int16_t>;
    case DType::kUInt16: return load_row<Real, uint16_t>;
    case DType::kInt32: return load_row<Real, int32_t>;
    case DType::kUInt32: return load_row<Real, uint32_t>;
    case DType::kUInt64: return load_row<Real, uint64_t>;
    case DType::kInt64: return load_row<Real, int64_t>;
    default: return nullptr;
  }
}

template <typename Real>
StoreRow<Real> row_storer(DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return store_row<Real, float>;
    case DType::kFloat64: return store_row<Real, double>;
    case DType::kFloat16: return half_storer<Real, Float16>();
    case DType::kBFloat16: return half_storer<Real, BFloat16>();
    case DType::kBool: return store_row<Real, bool>;
    default: return nullptr;
  }
}

template LoadRow<float> row_loader(DType);
template LoadRow<double> row_loader(DType);
template StoreRow<float> row_storer(DType);
template StoreRow<double> row_storer(DType);

}  // namespace convoy::elementwise
