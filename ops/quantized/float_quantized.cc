// Quantized products through float32: zero points are taken off while converting, oneDNN
// multiplies, and the sums are rounded to integers again.
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ops/conv/conv.h"
#include "ops/kernels/onednn/primitive.h"
#include "ops/matmul/matmul.h"
#include "ops/quantized/quantized.h"

namespace convoy {
namespace {

using onednn::Primitive;

constexpr int64_t kExact = int64_t{1} << 24;  // integers up to here are exact in float
constexpr int64_t kGrain = 16384;

size_t aligned(int64_t floats) {
  return (static_cast<size_t>(floats) * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
}

bool is_8bit(DType dtype) { return dtype == DType::kUInt8 || dtype == DType::kInt8; }

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

// The scales that turn sums into results; not read for int32 results.
struct Rescale {
  Scales w_scale;
  float x_over_y = 1;
  int32_t y_zero = 0;

  Rescale(const KernelContext& context, const QuantizedSlots& slots, int64_t channels) {
    if (slots.y_scale < 0) return;
    w_scale = scales(context, slots.w_scale, channels);
    x_over_y = scales(context, slots.x_scale, 1)[0] / scales(context, slots.y_scale, 1)[0];
    y_zero = zero_points(context, slots.y_zero, 1)[0];
  }
  float factor(int64_t channel) const { return x_over_y * w_scale[channel]; }
  template <typename Sum>
  void store(const TensorView& y, int64_t at, Sum sum, float factor) const {
    if (y.dtype == DType::kInt32) {
      y.as<int32_t>()[at] = static_cast<int32_t>(sum);
    } else if (y.dtype == DType::kInt8) {
      y.as<int8_t>()[at] = requantize<int8_t>(static_cast<int32_t>(sum), factor, y_zero);
    } else {
      y.as<uint8_t>()[at] = requantize<uint8_t>(static_cast<int32_t>(sum), factor, y_zero);
    }
  }
};

// Empty, or why constant 8-bit weights with constant zero points are not at hand.
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

// Those of constant weights, one for all or one for each channel.
std::vector<int32_t> weight_zeros(const KernelRequest& request, const QuantizedSlots& slots,
                                  int64_t channels) {
  if (!request.has_input(slots.w_zero)) return {0};
  Tensor given = request.constant(slots.w_zero)->contiguous();
  ZeroPoints zeros(given.view(), channels);
  std::vector<int32_t> list;
  for (int64_t i = 0; i < given.count(); ++i) list.push_back(zeros[i]);
  return list;
}

int32_t entry(const std::vector<int32_t>& list, int64_t i) {
  return list[list.size() == 1 ? 0 : static_cast<size_t>(i)];
}

// A product in blocks along k that are exact each; sums of the blocks in int32.
class FloatMatMul : public Kernel {
 public:
  FloatMatMul(KernelRequest& request, const QuantizedSlots& slots, const MatMulShape& shape)
      : slots_(slots), m_(shape.m), n_(shape.n), k_(shape.k) {
    Tensor b = request.constant(slots.w)->contiguous();
    std::vector<int32_t> zeros = weight_zeros(request, slots, n_);
    FloatWeights weights(b, [&](int64_t i) { return entry(zeros, i % n_); });
    block_ = std::max<int64_t>(1, std::min(k_, kExact / (255 * weights.largest)));
    std::string format = fmt::format("float,{}", fmt::join(zeros, ","));
    size_t bytes = weights.values.size() * sizeof(float);
    weights_ = request.weights->get(*request.constant(slots.w), format, bytes, [&](void* to) {
      std::memcpy(to, weights.values.data(), bytes);
    });
    full_ = primitive(block_, request.threads);
    last_ = k_ % block_ == 0 ? full_ : primitive(k_ % block_, request.threads);
    sums_at_ = aligned(m_ * k_);
    totals_at_ = sums_at_ + aligned(m_ * n_);
    inner_at_ = totals_at_ + aligned(m_ * n_);
    if (!usable()) return;
    request.use_scratch(inner_at_ + std::max(full_->scratch_bytes(), last_->scratch_bytes()));
  }

  bool usable() const { return full_ != nullptr && last_ != nullptr; }

  void run(KernelContext& context) const override {
    auto* a = reinterpret_cast<float*>(context.scratch());
    auto* sums = reinterpret_cast<float*>(context.scratch() + sums_at_);
    auto* totals = reinterpret_cast<int32_t*>(context.scratch() + totals_at_);
    to_float(context.input(slots_.x), zero_points(context, slots_.x_zero, 1)[0], a,
             context.threads());
    for (int64_t begin = 0; begin < k_; begin += block_) {
      onednn::Operands operands;
      operands.source = a + begin;
      operands.weights = reinterpret_cast<const float*>(weights_->data()) + begin * n_;
      operands.destination = sums;
      operands.scratch = context.scratch() + inner_at_;
      (begin + block_ <= k_ ? full_ : last_)->run(operands);
      context.threads().parallel_for(m_ * n_, kGrain, [&](int64_t first, int64_t end) {
        for (int64_t i = first; i < end; ++i) {
          totals[i] = (begin == 0 ? 0 : totals[i]) + static_cast<int32_t>(sums[i]);
        }
      });
    }
    store(context, totals);
  }

 private:
  std::shared_ptr<const Primitive> primitive(int64_t k, int threads) const {
    onednn::MatMulProblem problem;
    problem.m = m_;
    problem.n = n_;
    problem.k = k;
    problem.a = {m_ == 1 ? k : k_, 1};
    problem.b = {n_, 1};
    problem.y = {n_, 1};
    problem.threads = threads;
    return onednn::matmul(problem);
  }

  void store(KernelContext& context, const int32_t* totals) const {
    Rescale rescale(context, slots_, n_);
    bool scaled = slots_.y_scale >= 0;
    const TensorView& y = context.output(0);
    int64_t grain = std::max<int64_t>(1, kGrain / n_);
    context.threads().parallel_for(m_, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        for (int64_t j = 0; j < n_; ++j) {
          rescale.store(y, i * n_ + j, totals[i * n_ + j], scaled ? rescale.factor(j) : 1.0f);
        }
      }
    });
  }

  QuantizedSlots slots_;
  int64_t m_, n_, k_;
  int64_t block_ = 1;
  std::shared_ptr<const Buffer> weights_;
  std::shared_ptr<const Primitive> full_, last_;
  size_t sums_at_ = 0, totals_at_ = 0, inner_at_ = 0;
};

class FloatConv : public Kernel {
 public:
  FloatConv(const QuantizedSlots& slots, const ConvShape& shape,
            std::shared_ptr<const Primitive> primitive, std::shared_ptr<const Buffer> weights)
      : slots_(slots),
        shape_(shape),
        primitive_(std::move(primitive)),
        weights_(std::move(weights)) {
    int64_t x = shape.batch * shape.in_channels * element_count(shape.window.input());
    sums_at_ = aligned(x);
    inner_at_ = sums_at_ + aligned(element_count(shape.output_shape()));
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
    Rescale rescale(context, slots_, shape_.out_channels);
    bool scaled = slots_.y_scale >= 0;
    const int32_t* bias = nullptr;
    if (slots_.bias >= 0 && context.has_input(slots_.bias)) {
      bias = context.input(slots_.bias).as<const int32_t>();
    }
    const TensorView& y = context.output(0);
    int64_t plane = element_count(shape_.window.output());
    int64_t grain = std::max<int64_t>(1, kGrain / plane);
    int64_t planes = shape_.batch * shape_.out_channels;
    context.threads().parallel_for(planes, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        int64_t channel = i % shape_.out_channels;
        float factor = scaled ? rescale.factor(channel) : 1.0f;
        int32_t base = bias ? bias[channel] : 0;
        for (int64_t j = i * plane; j < (i + 1) * plane; ++j) {
          rescale.store(y, j, static_cast<int32_t>(sums[j]) + base, factor);
        }
      }
    });
  }

  QuantizedSlots slots_;
  ConvShape shape_;
  std::shared_ptr<const Primitive> primitive_;
  std::shared_ptr<const Buffer> weights_;
  size_t sums_at_ = 0, inner_at_ = 0;
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

std::unique_ptr<Kernel> make_float_quantized_matmul(KernelRequest& request,
                                                    const QuantizedSlots& slots) {
  if (const char* why = objection(request, slots)) return request.refuse(why);
  request.attributes().finish();
  if (request.input(slots.w).rank() != 2) return request.refuse("B is no single matrix");
  MatMulShape shape =
      describe_matmul(contiguous_input(request, slots.x), contiguous_input(request, slots.w),
                      contiguous_output(request, 0));
  bool plain = shape.batch.rank() == 0 && (shape.m == 1 || shape.y_m == shape.n);
  if (!plain) return request.refuse("several products");
  auto kernel = std::make_unique<FloatMatMul>(request, slots, shape);
  if (!kernel->usable()) return request.refuse("oneDNN has no kernel for this");
  return kernel;
}

std::unique_ptr<Kernel> make_float_quantized_conv(KernelRequest& request,
                                                  const QuantizedSlots& slots) {
  if (const char* why = objection(request, slots)) return request.refuse(why);
  AttributeReader attributes(request.node());
  ConvAttributes conv = read_conv_attributes(attributes);
  attributes.finish();
  ConvShape shape = resolve_conv(conv, request.input(slots.x).shape, request.input(slots.w).shape);
  request.check_output(0, shape.output_shape());
  if (slots.bias >= 0 && request.has_input(slots.bias) &&
      request.input(slots.bias).count() != shape.out_channels) {
    return request.refuse("the bias does not fit");
  }
  auto primitive = onednn::convolution(float_problem(shape, request.threads));
  if (!primitive) return request.refuse("oneDNN has no kernel for this");
  const Tensor& constant = *request.constant(slots.w);
  std::vector<int32_t> zeros = weight_zeros(request, slots, shape.out_channels);
  int64_t terms = shape.group_in() * shape.window.kernel_volume();
  FloatWeights weights(constant.contiguous(), [&](int64_t i) { return entry(zeros, i / terms); });
  // Results of 8 bits do not show the last bit of a sum of 24.
  bool exact = terms * 255 * weights.largest < kExact;
  if (slots.y_scale < 0 && !exact) return request.refuse("sums may exceed 2^24");
  std::string format =
      fmt::format("float,{},{}", fmt::join(zeros, ","), primitive->weights_format());
  auto packed =
      request.weights->get(constant, format, primitive->packed_weights_bytes(), [&](void* to) {
        if (primitive->weights_format().empty()) {
          std::memcpy(to, weights.values.data(), weights.values.size() * sizeof(float));
        } else {
          primitive->pack_weights(weights.values.data(), static_cast<float*>(to));
        }
      });
  auto kernel = std::make_unique<FloatConv>(slots, shape, std::move(primitive), std::move(packed));
  request.use_scratch(kernel->scratch_bytes());
  return kernel;
}

}  // namespace convoy
