#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ops/quantized/quantized.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

bool is_8bit(DType dtype) { return dtype == DType::kUInt8 || dtype == DType::kInt8; }

}  // namespace

const char* objection(const KernelRequest& request, const QuantizedSlots& slots) {
  if (!is_8bit(request.input(slots.x).dtype) || !is_8bit(request.input(slots.w).dtype)) {
    return "only 8-bit integers";
  }
  DType y = request.output(0).dtype;
  if (const char* why = misfit_of_private(request, slots)) return why;
  if (y != DType::kInt32 && y != DType::kFloat32 && !is_8bit(y)) {
    return "only 8-bit, int32 and float32 results";
  }
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

const char* misfit_of_private(const KernelRequest& request, const QuantizedSlots& slots) {
  if (request.node().domain != kPrivateDomain) return nullptr;
  const bool scaled = request.output(0).dtype == DType::kFloat32;
  const TensorDesc& w = request.input(slots.w);
  const int64_t columns = w.rank() >= 2 ? w.shape.back() : 1;
  auto fits = [&](int slot, DType dtype, bool may_be_one) {
    const TensorDesc& given = request.input(slot);
    return given.dtype == dtype && (given.count() == columns || (may_be_one && given.count() == 1));
  };
  if (scaled && !fits(slots.w_scale, DType::kFloat32, true)) return "the scale does not fit";
  if (request.has_input(slots.bias) &&
      !fits(slots.bias, scaled ? DType::kFloat32 : DType::kInt32, false)) {
    return "the bias does not fit";
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

std::pair<int32_t, int32_t> WeightZeros::range() const {
  const auto [low, high] = std::minmax_element(values_.begin(), values_.end());
  return {*low, *high};
}

IntegerWeights::IntegerWeights(const KernelRequest& request, const QuantizedSlots& slots,
                               int64_t channels)
    : given_(*request.constant(slots.w)),
      zeros_(request, slots, channels),
      isa_(request.isa),
      loops_(&integer_pairs(isa_)) {
  const IntegerLoops* quads = integer_quads(isa_);
  if (quads != nullptr && are_bytes()) loops_ = quads;
}

// Without a look at which channel has which zero point: that some leave the range is rare.
bool IntegerWeights::are_bytes() const {
  const auto [lowest_zero, highest_zero] = zeros_.range();
  const int32_t middle = given_.dtype() == DType::kInt8 ? 0 : 128;
  if (lowest_zero == middle && highest_zero == middle) return true;
  bool bytes = true;
  visit_bytes(given_.contiguous().view(), [&](const auto* weights) {
    const auto [low, high] = std::minmax_element(weights, weights + given_.count());
    bytes = *low - highest_zero >= -128 && *high - lowest_zero <= 127;
  });
  return bytes;
}

std::string IntegerWeights::format(std::string_view form) const {
  return fmt::format("{} of words of {},{},{}", form, loops_->factors, to_string(isa_),
                     zeros_.text());
}

}  // namespace convoy
