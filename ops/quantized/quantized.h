// Zero points and scales of the quantized matrix products and convolutions.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "ops/conv/conv.h"
#include "ops/kernels/quantized/quantized_rows.h"
#include "runtime/op/kernel.h"

namespace convoy {

// One of the matrices that an operand stacks, of how many. Zero points and scales may be given for
// each row, or column, of all of them.
struct MatrixNumber {
  int64_t index = 0, count = 1;

  // Where its numbers begin among `given`, of `count_of_one` for each matrix or for all; throws
  // kInvalidInput for other numbers than these.
  int64_t first(int64_t given, int64_t count_of_one, const char* what) const {
    const bool fits = given == 1 || given == count_of_one || given == count * count_of_one;
    check_input(fits, "{} {} for {} rows or channels", given, what, count_of_one);
    return given == 1 || given == count_of_one ? 0 : index * count_of_one;
  }
};

// 8-bit zero points as they lie in a tensor: one for all or one for each row or channel.
class ZeroPoints {
 public:
  ZeroPoints() = default;  // 0 for all
  // Throws kInvalidInput for a number of them that is neither 1 nor count, nor that of all
  // matrices.
  ZeroPoints(const TensorView& view, int64_t count, MatrixNumber matrix = {})
      : data_(static_cast<const uint8_t*>(view.data) +
              matrix.first(view.count(), count, "zero points")),
        is_signed_(view.dtype == DType::kInt8),
        one_(view.count() == 1) {
    check_supported(is_signed_ || view.dtype == DType::kUInt8, "zero points of type {}",
                    to_string(view.dtype));
  }
  int32_t operator[](int64_t i) const {
    if (data_ == nullptr) return 0;
    if (one_) i = 0;
    return is_signed_ ? int32_t{static_cast<int8_t>(data_[i])} : int32_t{data_[i]};
  }

 private:
  const uint8_t* data_ = nullptr;
  bool is_signed_ = false;
  bool one_ = true;
};

// Those of input `i`; 0 when it is left out.
inline ZeroPoints zero_points(const KernelContext& context, int i, int64_t count,
                              MatrixNumber matrix = {}) {
  return context.has_input(i) ? ZeroPoints(context.input(i), count, matrix) : ZeroPoints();
}

// Scales as they lie in a tensor of float32, float16 or bfloat16: one for all or one for each row
// or channel.
class Scales {
 public:
  Scales() = default;  // 1 for all
  Scales(const TensorView& view, int64_t count, MatrixNumber matrix = {})
      : data_(view.data),
        dtype_(view.dtype),
        first_(matrix.first(view.count(), count, "scales")),
        one_(view.count() == 1) {}
  float operator[](int64_t i) const {
    if (data_ == nullptr) return 1;
    i = one_ ? 0 : i + first_;
    return visit_dtype_among<float, Float16, BFloat16>(dtype_, [&](auto tag) {
      return static_cast<float>(static_cast<const typename decltype(tag)::type*>(data_)[i]);
    });
  }

 private:
  const void* data_ = nullptr;
  DType dtype_ = DType::kFloat32;
  int64_t first_ = 0;
  bool one_ = true;
};

inline Scales scales(const KernelContext& context, int i, int64_t count, MatrixNumber matrix = {}) {
  return Scales(context.input(i), count, matrix);
}

// round(sum * scale) + zero, half to even, saturated to T; NaN becomes the lowest.
template <typename T>
T requantize(int32_t sum, float scale, int32_t zero) {
  float value = std::nearbyint(static_cast<float>(sum) * scale) + static_cast<float>(zero);
  auto low = static_cast<float>(std::numeric_limits<T>::lowest());
  auto high = static_cast<float>(std::numeric_limits<T>::max());
  return static_cast<T>(std::min(high, std::max(low, value)));
}

// Where a quantized operator has its operands; -1 where it has none.
struct QuantizedSlots {
  int x, w;
  int x_zero, w_zero;
  int x_scale, w_scale, y_scale, y_zero, bias;
};

// Rows of sums and where they go in Y: element `at`, a row to the next `step` further on.
struct SumsPlace {
  const int32_t* sums;
  int64_t pitch;
  int64_t at, step;
  int64_t rows, columns;
};

// Turns sums into what Y holds: int32 as they are, 8-bit integers and float32 by the scales.
// Rounded as the operators' reference kernels round them, of convolutions x · w / y, of matrix
// products x / y · w.
class Rescale {
 public:
  // `numbers`: room for `size(channels)` of them, which lasts as long as this.
  Rescale(const KernelContext& context, const QuantizedSlots& slots, int64_t channels,
          bool of_products, Isa isa, float* numbers);
  static int64_t size(int64_t channels) { return 2 * (channels + kVectorSlack); }

  // All are of `channel`, or each row or column is of the next one. `biases` of all channels, which
  // are added as integers wrap around, may be nullptr.
  void store_channels(const TensorView& y, const SumsPlace& place, int64_t channel,
                      Requantization::Of of, const int32_t* biases) const;

 private:
  const QuantizedRows& rows_;
  ByteZero zero_;
  const float* factors_;           // of the channels; not read for int32 results
  const float* biases_ = nullptr;  // of float32 results
};

// nullptr where there is none.
const int32_t* bias_of(const KernelContext& context, const QuantizedSlots& slots);

// nullptr, or why constant 8-bit weights with constant zero points are not at hand.
const char* objection(const KernelRequest& request, const QuantizedSlots& slots);

// nullptr, or why the scale or the bias of a private operator, which has no schema, does not fit.
const char* misfit_of_private(const KernelRequest& request, const QuantizedSlots& slots);

// The convolution of the node; nullopt, as the request then refuses, where such weights are not at
// hand or the bias does not fit.
std::optional<ConvShape> accepted_conv(KernelRequest& request, const QuantizedSlots& slots);

// The zero points of constant weights, one for all or one for each channel.
class WeightZeros {
 public:
  WeightZeros(const KernelRequest& request, const QuantizedSlots& slots, int64_t channels);
  int32_t operator[](int64_t i) const {
    return values_[values_.size() == 1 ? 0 : static_cast<size_t>(i)];
  }
  // For the format of weights that are packed without them.
  std::string text() const;
  // The lowest and the highest.
  std::pair<int32_t, int32_t> range() const;

 private:
  std::vector<int32_t> values_;
};

// visit(const T*), T the 8-bit type.
template <typename Visit>
void visit_bytes(const TensorView& view, const Visit& visit) {
  if (view.dtype == DType::kInt8) return visit(view.as<const int8_t>());
  visit(view.as<const uint8_t>());
}

// Constant weights of products on integers, and the loops for them: by words of four factors where
// the processor multiplies those and the weights less their zero points are bytes, else by words of
// two.
class IntegerWeights {
 public:
  // `channels`: that zero points may be given for.
  IntegerWeights(const KernelRequest& request, const QuantizedSlots& slots, int64_t channels);

  const IntegerLoops& loops() const { return *loops_; }
  int32_t zero(int64_t channel) const { return zeros_[channel]; }

  // Packed once in a session by fill(const T* weights, uint32_t* to); `form` says how.
  template <typename Fill>
  std::shared_ptr<const Buffer> pack(const KernelRequest& request, std::string_view form,
                                     int64_t words, const Fill& fill) const {
    const Tensor plain = given_.contiguous();
    return request.weights->get(
        given_, format(form), static_cast<size_t>(words) * sizeof(uint32_t), [&](void* to) {
          visit_bytes(plain.view(),
                      [&](const auto* from) { fill(from, static_cast<uint32_t*>(to)); });
        });
  }

 private:
  bool are_bytes() const;
  std::string format(std::string_view form) const;

  Tensor given_;
  WeightZeros zeros_;
  Isa isa_;
  const IntegerLoops* loops_;
};

// Few multiplications are not worth waking other threads.
inline int threads_for_products(const KernelRequest& request, int64_t multiplications) {
  constexpr int64_t kSerialWork = 400'000;
  return multiplications < kSerialWork ? 1 : request.threads;
}

// On integers, for constant weights with constant zero points.
std::unique_ptr<Kernel> make_integer_matmul(KernelRequest& request, const QuantizedSlots& slots);
std::unique_ptr<Kernel> make_integer_conv(KernelRequest& request, const QuantizedSlots& slots);
// By float32 convolutions of oneDNN, for the same: sums of 8-bit products are exact in float below
// 2^24.
std::unique_ptr<Kernel> make_float_quantized_conv(KernelRequest& request,
                                                  const QuantizedSlots& slots);

// visitor(TypeTag<A>, TypeTag<B>) for 8-bit integers.
template <typename Visitor>
std::unique_ptr<Kernel> visit_8bit(DType a, DType b, const Visitor& visitor) {
  return visit_dtype_among<uint8_t, int8_t>(a, [&](auto first) {
    return visit_dtype_among<uint8_t, int8_t>(b,
                                              [&](auto second) { return visitor(first, second); });
  });
}

}  // namespace convoy
