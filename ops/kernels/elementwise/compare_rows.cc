#include "ops/kernels/elementwise/compare_rows.h"

#include <functional>

namespace convoy::elementwise {
namespace {

template <typename T, typename Compare>
void row(const void* a_data, int64_t a_step, const void* b_data, int64_t b_step,
         bool* __restrict out, int64_t out_step, int64_t count) {
  const T* a = static_cast<const T*>(a_data);
  const T* b = static_cast<const T*>(b_data);
  Compare compare;
  if (out_step == 1 && a_step == 1 && b_step == 1) {
    for (int64_t i = 0; i < count; ++i) out[i] = compare(a[i], b[i]);
  } else if (out_step == 1 && a_step == 1 && b_step == 0) {
    const T other = b[0];
    for (int64_t i = 0; i < count; ++i) out[i] = compare(a[i], other);
  } else if (out_step == 1 && a_step == 0 && b_step == 1) {
    const T other = a[0];
    for (int64_t i = 0; i < count; ++i) out[i] = compare(other, b[i]);
  } else {
    for (int64_t i = 0; i < count; ++i) {
      out[i * out_step] = compare(a[i * a_step], b[i * b_step]);
    }
  }
}

template <typename T>
CompareRow typed(Comparison comparison) {
  switch (comparison) {
    case Comparison::kEqual: return row<T, std::equal_to<T>>;
    case Comparison::kLess: return row<T, std::less<T>>;
    case Comparison::kLessOrEqual: return row<T, std::less_equal<T>>;
  }
  return nullptr;
}

}  // namespace

CompareRow compare_row(Comparison comparison, DType dtype) {
  if (dtype == DType::kBool) return typed<bool>(comparison);
  return visit_numeric(dtype,
                       [&](auto tag) { return typed<typename decltype(tag)::type>(comparison); });
}

}  // namespace convoy::elementwise
