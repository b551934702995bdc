#include "ops/quantized/quantized.h"

namespace convoy {

Rescale::Rescale(const KernelContext& context, const QuantizedSlots& slots, int64_t channels,
                 bool of_products, Isa isa)
    : rows_(quantized_rows(isa)) {
  if (slots.y_scale < 0) return;
  const Scales w_scale = scales(context, slots.w_scale, channels);
  const float x_scale = scales(context, slots.x_scale, 1)[0];
  const float y_scale = scales(context, slots.y_scale, 1)[0];
  zero_ = {context.output(0).dtype == DType::kInt8, zero_points(context, slots.y_zero, 1)[0]};
  factors_.resize(static_cast<size_t>(channels + kVectorSlack));
  for (int64_t i = 0; i < channels; ++i) {
    factors_[static_cast<size_t>(i)] =
        of_products ? x_scale / y_scale * w_scale[i] : x_scale * w_scale[i] / y_scale;
  }
}

void Rescale::store_channel(const TensorView& y, int64_t at, int64_t channel, const int32_t* sums,
                            int64_t count, int32_t bias) const {
  if (y.dtype == DType::kInt32) {
    auto* to = y.as<uint32_t>() + at;
    for (int64_t i = 0; i < count; ++i) {
      to[i] = static_cast<uint32_t>(sums[i]) + static_cast<uint32_t>(bias);
    }
    return;
  }
  rows_.requantize(sums, count, {factors_.data() + channel, true, bias, zero_},
                   static_cast<uint8_t*>(y.data) + at);
}

void Rescale::store_channels(const TensorView& y, int64_t at, int64_t channel, const int32_t* sums,
                             int64_t count) const {
  if (y.dtype == DType::kInt32) {
    std::copy_n(sums, count, y.as<int32_t>() + at);
    return;
  }
  rows_.requantize(sums, count, {factors_.data() + channel, false, 0, zero_},
                   static_cast<uint8_t*>(y.data) + at);
}

}  // namespace convoy
