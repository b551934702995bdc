// Quantized convolutions through float32: zero points are taken off while converting, oneDNN
// multiplies, and the sums are rounded to integers again.
#include <cstring>

#include <fmt/format.h>

#include "ops/kernels/onednn/primitive.h"
#include "ops/quantized/quantized.h"

namespace convoy {
namespace {

using onednn::Primitive;

constexpr int64_t kExact = int64_t{1} << 24;  // integers up to here are exact in float
constexpr int64_t kGrain = 16384;
constexpr int64_t kIntegers = 256;  // that are converted at once

size_t aligned(int64_t floats) {
  return (static_cast<size_t>(floats) * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
}

// Weights as float without their zero points, and the largest of them.
struct FloatWeights {
  std::vector<float> values;
  int64_t largest = 1;

  // `zero_of` gives the zero point of element i.
  template <typename ZeroOf>
  FloatWeights(const Tensor& weights, const ZeroOf& zero_of) {
    values.resize(static_cast<size_t>(weights.count()));
    auto fill = [&](const auto* from) {
      for (size_t i = 0; i < values.size(); ++i) {
        int32_t value = static_cast<int32_t>(from[i]) - zero_of(static_cast<int64_t>(i));
        values[i] = static_cast<float>(value);
        largest = std::max<int64_t>(largest, std::abs(value));
      }
    };
    if (weights.dtype() == DType::kInt8) {
      fill(weights.data<int8_t>());
    } else {
      fill(weights.data<uint8_t>());
    }
  }
};

void to_float(const TensorView& from, int32_t zero, float* to, ThreadPool& threads) {
  auto convert = [&](const auto* values) {
    threads.parallel_for(from.count(), kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        to[i] = static_cast<float>(static_cast<int32_t>(values[i]) - zero);
      }
    });
  };
  if (from.dtype == DType::kInt8) return convert(from.as<const int8_t>());
  convert(from.as<const uint8_t>());
}

class FloatConv : public Kernel {
 public:
  FloatConv(const QuantizedSlots& slots, const ConvShape& shape, Isa isa,
            std::shared_ptr<const Primitive> primitive, std::shared_ptr<const Buffer> weights)
      : slots_(slots),
        shape_(shape),
        isa_(isa),
        primitive_(std::move(primitive)),
        weights_(std::move(weights)) {
    int64_t x = shape.batch * shape.in_channels * element_count(shape.window.input());
    sums_at_ = aligned(x);
    numbers_at_ = sums_at_ + aligned(element_count(shape.output_shape()));
    inner_at_ = numbers_at_ + aligned(Rescale::size(shape.out_channels));
  }

  size_t scratch_bytes() const { return inner_at_ + primitive_->scratch_bytes(); }

  void run(KernelContext& context) const override {
    auto* x = reinterpret_cast<float*>(context.scratch());
    auto* sums = reinterpret_cast<float*>(context.scratch() + sums_at_);
    to_float(context.input(slots_.x), zero_points(context, slots_.x_zero, 1)[0], x,
             context.threads());
    onednn::Operands operands;
    operands.source = x;
    operands.weights = reinterpret_cast<const float*>(weights_->data());
    operands.destination = sums;
    operands.scratch = context.scratch() + inner_at_;
    primitive_->run(operands);
    store(context, sums);
  }

 private:
  void store(KernelContext& context, const float* sums) const {
    const Rescale rescale(context, slots_, shape_.out_channels, false, isa_,
                          reinterpret_cast<float*>(context.scratch() + numbers_at_));
    const int32_t* bias = bias_of(context, slots_);
    const TensorView& y = context.output(0);
    int64_t plane = element_count(shape_.window.output());
    int64_t grain = std::max<int64_t>(1, kGrain / plane);
    int64_t planes = shape_.batch * shape_.out_channels;
    context.threads().parallel_for(planes, grain, [&](int64_t begin, int64_t end) {
      int32_t integers[kIntegers + kVectorSlack] = {};
      for (int64_t i = begin; i < end; ++i) {
        int64_t channel = i % shape_.out_channels;
        for (int64_t j = 0; j < plane; j += kIntegers) {
          int64_t count = std::min(kIntegers, plane - j);
          for (int64_t k = 0; k < count; ++k) {
            integers[k] = static_cast<int32_t>(sums[i * plane + j + k]);
          }
          rescale.store_channels(y, {integers, count, i * plane + j, count, 1, count}, channel,
                                 Requantization::Of::kAll, bias);
        }
      }
    });
  }

  QuantizedSlots slots_;
  ConvShape shape_;
  Isa isa_;
  std::shared_ptr<const Primitive> primitive_;
  std::shared_ptr<const Buffer> weights_;
  size_t sums_at_ = 0, numbers_at_ = 0, inner_at_ = 0;
};

onednn::ConvProblem float_problem(const ConvShape& shape, int threads) {
  onednn::ConvProblem problem;
  problem.batch = shape.batch;
  problem.groups = shape.groups;
  problem.in_channels = shape.in_channels;
  problem.out_channels = shape.out_channels;
  problem.window = shape.window;
  problem.threads = threads;
  return problem;
}

}  // namespace

std::unique_ptr<Kernel> make_float_quantized_conv(KernelRequest& request,
                                                  const QuantizedSlots& slots) {
  const auto accepted = accepted_conv(request, slots);
  if (!accepted) return nullptr;
  const ConvShape& shape = *accepted;
  auto primitive = onednn::convolution(float_problem(shape, request.threads));
  if (!primitive) return request.refuse("oneDNN has no kernel for this");
  const Tensor& constant = *request.constant(slots.w);
  WeightZeros zeros(request, slots, shape.out_channels);
  int64_t terms = shape.group_in() * shape.window.kernel_volume();
  FloatWeights weights(constant.contiguous(), [&](int64_t i) { return zeros[i / terms]; });
  // Results of 8 bits do not show the last bit of a sum of 24.
  const int64_t largest = 255 * weights.largest;
  if (terms > std::numeric_limits<int32_t>::max() / largest) {
    return request.refuse("sums may exceed 2^31");
  }
  bool exact = terms * largest < kExact;
  if (slots.y_scale < 0 && !exact) return request.refuse("sums may exceed 2^24");
  std::string format = fmt::format("float,{},{}", zeros.text(), primitive->weights_format());
  auto packed =
      request.weights->get(constant, format, primitive->packed_weights_bytes(), [&](void* to) {
        if (primitive->weights_format().empty()) {
          std::memcpy(to, weights.values.data(), weights.values.size() * sizeof(float));
        } else {
          primitive->pack_weights(weights.values.data(), static_cast<float*>(to));
        }
      });
  auto kernel = std::make_unique<FloatConv>(slots, shape, request.isa, std::move(primitive),
                                            std::move(packed));
  request.use_scratch(kernel->scratch_bytes());
  return kernel;
}

}  // namespace convoy
