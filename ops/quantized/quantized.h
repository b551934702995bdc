// Zero points and scales of the quantized matrix products and convolutions.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "runtime/op/kernel.h"

namespace convoy {

// 8-bit zero points, one for all or one for each of `count`. Throws kInvalidInput for another
// number of them.
inline std::vector<int32_t> zero_points(const TensorView& view, int64_t count) {
  int64_t given = view.count();
  check_input(given == 1 || given == count, "{} zero points for {} rows or channels", given, count);
  bool is_signed = view.dtype == DType::kInt8;
  check_supported(is_signed || view.dtype == DType::kUInt8, "zero points of type {}",
                  to_string(view.dtype));
  std::vector<int32_t> zeros(static_cast<size_t>(given));
  for (int64_t j = 0; j < given; ++j) {
    zeros[static_cast<size_t>(j)] = is_signed ? view.as<int8_t>()[j] : view.as<uint8_t>()[j];
  }
  return zeros;
}

// Those of input `i`; {0} when it is left out.
inline std::vector<int32_t> zero_points(const KernelContext& context, int i, int64_t count) {
  if (!context.has_input(i)) return {0};
  return zero_points(context.input(i), count);
}

// The scales of input `i` as float, one for all or one for each of `count`.
inline std::vector<float> scales(const KernelContext& context, int i, int64_t count) {
  const TensorView& view = context.input(i);
  int64_t given = view.count();
  check_input(given == 1 || given == count, "{} scales for {} rows or channels", given, count);
  std::vector<float> result(static_cast<size_t>(given));
  visit_dtype_among<float, Float16, BFloat16>(view.dtype, [&](auto tag) {
    const auto* values = view.as<const typename decltype(tag)::type>();
    for (int64_t j = 0; j < given; ++j) {
      result[static_cast<size_t>(j)] = static_cast<float>(values[j]);
    }
  });
  return result;
}

// list[i], or list[0] where one entry stands for all.
template <typename T>
T entry(const std::vector<T>& list, int64_t i) {
  return list[list.size() == 1 ? 0 : static_cast<size_t>(i)];
}

// round(sum * scale) + zero, half to even, saturated to T.
template <typename T>
T requantize(int32_t sum, float scale, int32_t zero) {
  float value = std::nearbyint(static_cast<float>(sum) * scale) + static_cast<float>(zero);
  auto low = static_cast<float>(std::numeric_limits<T>::lowest());
  auto high = static_cast<float>(std::numeric_limits<T>::max());
  return static_cast<T>(std::min(std::max(value, low), high));
}

// Where a quantized operator has its operands; -1 where it has none.
struct QuantizedSlots {
  int x, w;
  int x_zero, w_zero;
  int x_scale, w_scale, y_scale, y_zero, bias;
};

// By float32 products of oneDNN, for constant weights with constant zero points: sums of 8-bit
// products are exact in float below 2^24.
std::unique_ptr<Kernel> make_float_quantized_matmul(KernelRequest& request,
                                                    const QuantizedSlots& slots);
std::unique_ptr<Kernel> make_float_quantized_conv(KernelRequest& request,
                                                  const QuantizedSlots& slots);

// visitor(TypeTag<A>, TypeTag<B>) for 8-bit integers.
template <typename Visitor>
std::unique_ptr<Kernel> visit_8bit(DType a, DType b, const Visitor& visitor) {
  return visit_dtype_among<uint8_t, int8_t>(a, [&](auto first) {
    return visit_dtype_among<uint8_t, int8_t>(b, [&](auto second) {
      return visitor(first, second);
    });
  });
}

}  // namespace convoy
