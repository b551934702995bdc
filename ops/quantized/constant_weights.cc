#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ops/quantized/quantized.h"

namespace convoy {
namespace {

bool is_8bit(DType dtype) { return dtype == DType::kUInt8 || dtype == DType::kInt8; }

}  // namespace

const char* objection(const KernelRequest& request, const QuantizedSlots& slots) {
  if (!is_8bit(request.input(slots.x).dtype) || !is_8bit(request.input(slots.w).dtype)) {
    return "only 8-bit integers";
  }
  DType y = request.output(0).dtype;
  if (y != DType::kInt32 && !is_8bit(y)) return "only 8-bit and int32 results";
  if (request.input(slots.x).count() == 0 || request.output(0).count() == 0) {
    return "nothing to compute";
  }
  if (request.weights == nullptr || request.constant(slots.w) == nullptr) {
    return "the weights are not constant";
  }
  if (request.has_input(slots.w_zero) && request.constant(slots.w_zero) == nullptr) {
    return "their zero points are not constant";
  }
  for (int slot : {slots.x_zero, slots.x_scale, slots.y_scale, slots.y_zero}) {
    if (slot >= 0 && request.has_input(slot) && request.input(slot).count() != 1) {
      return "x has several zero points or scales";
    }
  }
  return nullptr;
}

std::optional<ConvShape> accepted_conv(KernelRequest& request, const QuantizedSlots& slots) {
  auto refuse = [&](const char* why) {
    request.refuse(why);
    return std::nullopt;
  };
  if (const char* why = objection(request, slots)) return refuse(why);
  AttributeReader attributes(request.node());
  const ConvAttributes conv = read_conv_attributes(attributes);
  attributes.finish();
  const ConvShape shape =
      resolve_conv(conv, request.input(slots.x).shape, request.input(slots.w).shape);
  request.check_output(0, shape.output_shape());
  if (slots.bias >= 0 && request.has_input(slots.bias) &&
      request.input(slots.bias).count() != shape.out_channels) {
    return refuse("the bias does not fit");
  }
  return shape;
}

const int32_t* bias_of(const KernelContext& context, const QuantizedSlots& slots) {
  const bool given = slots.bias >= 0 && context.has_input(slots.bias);
  return given ? context.input(slots.bias).as<const int32_t>() : nullptr;
}

WeightZeros::WeightZeros(const KernelRequest& request, const QuantizedSlots& slots,
                         int64_t channels)
    : values_{0} {
  if (!request.has_input(slots.w_zero)) return;
  const Tensor given = request.constant(slots.w_zero)->contiguous();
  const ZeroPoints zeros(given.view(), channels);
  values_.clear();
  for (int64_t i = 0; i < given.count(); ++i) values_.push_back(zeros[i]);
}

std::string WeightZeros::text() const { return fmt::format("{}", fmt::join(values_, ",")); }

}  // namespace convoy
