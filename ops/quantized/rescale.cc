#include "ops/quantized/quantized.h"

namespace convoy {

Rescale::Rescale(const KernelContext& context, const QuantizedSlots& slots, int64_t channels,
                 bool of_products, Isa isa, float* numbers)
    : rows_(quantized_rows(isa)), factors_(numbers) {
  if (context.output(0).dtype == DType::kFloat32) {
    const Scales scale = scales(context, slots.w_scale, channels);
    for (int64_t i = 0; i < channels; ++i) numbers[i] = scale[i];
    if (!context.has_input(slots.bias)) return;
    float* biases = numbers + channels + kVectorSlack;
    std::copy_n(context.input(slots.bias).as<const float>(), channels, biases);
    biases_ = biases;
    return;
  }
  if (slots.y_scale < 0) return;
  const Scales w_scale = scales(context, slots.w_scale, channels);
  const float x_scale = scales(context, slots.x_scale, 1)[0];
  const float y_scale = scales(context, slots.y_scale, 1)[0];
  zero_ = {context.output(0).dtype == DType::kInt8, zero_points(context, slots.y_zero, 1)[0]};
  for (int64_t i = 0; i < channels; ++i) {
    numbers[i] = of_products ? x_scale / y_scale * w_scale[i] : x_scale * w_scale[i] / y_scale;
  }
}

void Rescale::store_channels(const TensorView& y, const SumsPlace& place, int64_t channel,
                             Requantization::Of of, const int32_t* biases) const {
  if (biases != nullptr) biases += channel;
  if (y.dtype == DType::kFloat32) {  // of products alone, by column
    const float* added = biases_ == nullptr ? nullptr : biases_ + channel;
    return rows_.scale({place.sums, place.pitch, y.as<float>() + place.at, place.step, place.rows,
                        place.columns, factors_ + channel, biases, added});
  }
  if (y.dtype != DType::kInt32) {
    const SumsToBytes sums{place.sums, place.pitch, static_cast<uint8_t*>(y.data) + place.at,
                           place.step, place.rows,  place.columns};
    return rows_.requantize(sums, {of, factors_ + channel, biases, zero_});
  }
  for (int64_t row = 0; row < place.rows; ++row) {
    const auto* sums = place.sums + row * place.pitch;
    auto* to = y.as<uint32_t>() + place.at + row * place.step;
    for (int64_t i = 0; i < place.columns; ++i) {
      const int64_t one = of == Requantization::Of::kRow      ? row
                          : of == Requantization::Of::kColumn ? i
                                                              : 0;
      const int32_t bias = biases == nullptr ? 0 : biases[one];
      to[i] = static_cast<uint32_t>(sums[i]) + static_cast<uint32_t>(bias);
    }
  }
}

}  // namespace convoy
