#include "ops/kernels/half/between_casts.h"

#include <algorithm>

#include "ops/kernels/elementwise/convert_rows.h"
#include "ops/kernels/elementwise/strided_walk.h"
#include "runtime/op/select_kernel.h"
#include "runtime/op/static_context.h"

namespace convoy {
namespace {

constexpr size_t kMaxOperands = 16;
constexpr int64_t kGrain = 16384;  // elements that one thread converts at least

bool is_half(const TensorDesc& desc) {
  return desc.dtype == DType::kFloat16 || desc.dtype == DType::kBFloat16;
}

TensorDesc widened(const TensorDesc& desc) {
  if (!desc.layout.plain()) return TensorDesc::blocked(DType::kFloat32, desc.shape,
                                                       desc.layout.block);
  return TensorDesc::contiguous(DType::kFloat32, desc.shape);
}

// A blocked tensor with its padding, as one row.
TensorDesc flat(const TensorDesc& desc) {
  if (desc.layout.plain()) return desc;
  int64_t count = desc.bytes() / static_cast<int64_t>(size_of(desc.dtype));
  return TensorDesc::contiguous(desc.dtype, {count});
}

// Between a 16-bit float and contiguous float32, either way; equal shapes and layouts.
void convert(const TensorView& from, const TensorView& to, ThreadPool& threads) {
  bool widens = to.dtype == DType::kFloat32;
  const TensorView& half_view = widens ? from : to;
  TensorDesc wide = flat(widens ? to : from);
  TensorDesc half = flat(half_view);
  // Rows run along the last axis of the first.
  const TensorDesc* descs[] = {&wide, &half};
  elementwise::StridedWalk walk(descs);
  auto load = elementwise::row_loader<float>(half.dtype);
  auto store = elementwise::row_storer<float>(half.dtype);
  auto* floats = (widens ? to : from).as<float>();
  auto* halves = half_view.as<uint16_t>();
  threads.parallel_for(walk.count, kGrain, [&](int64_t begin, int64_t end) {
    auto convert_row = [&](const elementwise::WalkPosition& position, int64_t points) {
      float* wide_row = floats + position.offset(0);
      uint16_t* half_row = halves + position.offset(1);
      if (widens) {
        load(half_row, walk.row_step(1), wide_row, points);
      } else {
        store(wide_row, half_row, walk.row_step(1), points);
      }
    };
    elementwise::for_each_row(walk, begin, end, convert_row);
  });
}

// On the calling thread.
class OneThread : public ThreadPool {
 public:
  int thread_count() const override { return 1; }
  void parallel_for(int64_t count, int64_t, RangeBody body) override { body(0, count); }
};

// Keeps what is packed of a widened constant under the constant itself.
class WidenedWeights : public WeightCache {
 public:
  explicit WidenedWeights(WeightCache* weights) : weights_(weights) {}

  // Of the shape of `constant`; contiguous.
  Tensor widen(const Tensor& constant) {
    TensorDesc desc = TensorDesc::contiguous(DType::kFloat32, constant.shape());
    auto pack = [&](void* to) {
      OneThread thread;
      convert(constant.view(), {desc, to}, thread);
    };
    auto bytes = static_cast<size_t>(desc.bytes());
    std::shared_ptr<const Buffer> buffer;
    if (weights_ != nullptr) {
      std::string format = fmt::format("float32 of {} {} {}", to_string(constant.dtype()),
                                       to_string(constant.shape()),
                                       to_string(constant.desc().strides));
      buffer = weights_->get(constant, format, bytes, pack);
    } else {
      auto fresh = Buffer::allocate(bytes);
      pack(fresh->data());
      buffer = std::move(fresh);
    }
    // Nobody writes to constants.
    Tensor wide = Tensor::over(std::const_pointer_cast<Buffer>(buffer), 0, desc);
    sources_.emplace_back(wide.raw(), &constant);
    return wide;
  }

  std::shared_ptr<const Buffer> get(const Tensor& constant, const std::string& format,
                                    size_t bytes,
                                    const std::function<void(void*)>& pack) override {
    for (const auto& [wide, source] : sources_) {
      if (wide != constant.raw()) continue;
      return weights_->get(
          *source, fmt::format("{} widened from {}", format, to_string(source->dtype())), bytes,
          pack);
    }
    return weights_->get(constant, format, bytes, pack);
  }

 private:
  WeightCache* weights_;
  std::vector<std::pair<const void*, const Tensor*>> sources_;
};

// An operand of the float32 kernel.
struct WideOperand {
  bool converted = false;  // at each run, through scratch
  TensorDesc desc;
  size_t scratch_at = 0;
  Tensor constant;
};

using WideOperands = std::vector<WideOperand>;

class BetweenCasts : public Kernel {
 public:
  BetweenCasts(std::unique_ptr<Kernel> kernel, WideOperands inputs, WideOperands outputs,
               size_t scratch_at)
      : kernel_(std::move(kernel)),
        inputs_(std::move(inputs)),
        outputs_(std::move(outputs)),
        scratch_at_(scratch_at) {}

  void run(KernelContext& context) const override {
    TensorView inputs[kMaxOperands];
    TensorView outputs[kMaxOperands];
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const WideOperand& wide = inputs_[i];
      if (wide.converted) {
        inputs[i] = {wide.desc, context.scratch() + wide.scratch_at};
        convert(context.input(static_cast<int>(i)), inputs[i], context.threads());
      } else if (wide.constant.defined()) {
        inputs[i] = wide.constant.view();
      } else if (context.has_input(static_cast<int>(i))) {
        inputs[i] = context.input(static_cast<int>(i));
      }
    }
    for (size_t j = 0; j < outputs_.size(); ++j) {
      const WideOperand& wide = outputs_[j];
      if (wide.converted) {
        outputs[j] = {wide.desc, context.scratch() + wide.scratch_at};
      } else if (context.has_output(static_cast<int>(j))) {
        outputs[j] = context.output(static_cast<int>(j));
      }
    }
    StaticKernelContext wide({inputs, inputs_.size()}, {outputs, outputs_.size()},
                             context.threads(), context.scratch() + scratch_at_);
    kernel_->run(wide);
    for (size_t j = 0; j < outputs_.size(); ++j) {
      if (!outputs_[j].converted) continue;
      convert(outputs[j], context.output(static_cast<int>(j)), context.threads());
    }
  }

 private:
  std::unique_ptr<Kernel> kernel_;
  WideOperands inputs_;
  WideOperands outputs_;
  size_t scratch_at_;
};

// The float32 request, and what becomes of its demands.
class Widening {
 public:
  explicit Widening(KernelRequest& request)
      : request_(request), wide_(request), weights_(request.weights) {
    inputs_.resize(request.inputs.size());
    outputs_.resize(request.outputs.size());
    constants_.resize(request.inputs.size());
    wide_.constants.resize(request.inputs.size(), nullptr);
    for (size_t i = 0; i < inputs_.size(); ++i) {
      if (!is_half(request.inputs[i])) continue;
      wide_.inputs[i] = widened(request.inputs[i]);
      const Tensor* constant = wide_.constants[i];
      if (constant == nullptr) continue;
      constants_[i] = weights_.widen(*constant);
      wide_.constants[i] = &constants_[i];
    }
    for (TensorDesc& output : wide_.outputs) {
      if (is_half(output)) output = widened(output);
    }
    if (request.weights != nullptr) wide_.weights = &weights_;
  }

  std::unique_ptr<Kernel> make(const KernelFactory& factory) {
    std::unique_ptr<Kernel> kernel = factory(wide_);
    request_.estimate(wide_.estimated_cycles);
    if (kernel == nullptr) return request_.refuse(wide_.reason);
    for (size_t i = 0; i < inputs_.size(); ++i) take_input(i);
    for (size_t j = 0; j < outputs_.size(); ++j) take_output(j);
    take_in_place();
    size_t scratch_at = scratch_;
    request_.use_scratch(scratch_ + wide_.scratch_bytes);
    return std::make_unique<BetweenCasts>(std::move(kernel), std::move(inputs_),
                                          std::move(outputs_), scratch_at);
  }

 private:
  void take_input(size_t i) {
    KernelRequest::Demand demand = demand_of(wide_, i);
    auto number = static_cast<int>(i);
    if (!demand.layout.plain()) request_.want_layout(number, demand.layout);
    bool half = is_half(request_.inputs[i]);
    if (demand.layout.plain() && (demand.any_strides || half)) request_.accept_strides(number);
    if (!half) return;
    if (demand.layout.plain() && constants_[i].defined()) {
      inputs_[i].constant = constants_[i];
    } else {
      convert_at_run(inputs_[i], request_.inputs[i].shape, demand.layout);
    }
  }

  void take_output(size_t j) {
    KernelRequest::Demand offer = offer_of(wide_, j);
    auto number = static_cast<int>(j);
    if (!offer.layout.plain()) request_.set_output_layout(number, offer.layout);
    bool half = is_half(request_.outputs[j]) && request_.has_output(number);
    if (offer.layout.plain() && (offer.any_strides || half)) {
      request_.accept_output_strides(number);
    }
    if (half) convert_at_run(outputs_[j], request_.outputs[j].shape, offer.layout);
  }

  // The result is rounded when no operand is read any more.
  void take_in_place() {
    for (auto [i, j] : wide_.in_place) {
      bool half = is_half(request_.output(j)) || is_half(request_.input(i));
      if (!half) request_.allow_in_place(i, j);
    }
    for (int i = 0; i < request_.input_count(); ++i) {
      if (is_half(request_.input(i)) && request_.output(0).dtype == request_.input(i).dtype) {
        request_.allow_in_place(i, 0);
      }
    }
  }

  void convert_at_run(WideOperand& operand, const Shape& shape, Layout layout) {
    operand.converted = true;
    operand.desc = layout.plain() ? TensorDesc::contiguous(DType::kFloat32, shape)
                                  : TensorDesc::blocked(DType::kFloat32, shape, layout.block);
    operand.scratch_at = scratch_;
    auto bytes = static_cast<size_t>(operand.desc.bytes());
    scratch_ += (bytes + kAlignment - 1) / kAlignment * kAlignment;
  }

  KernelRequest& request_;
  KernelRequest wide_;
  WidenedWeights weights_;
  WideOperands inputs_;
  WideOperands outputs_;
  std::vector<Tensor> constants_;
  size_t scratch_ = 0;
};

bool has_halves(const KernelRequest& request) {
  return std::ranges::any_of(request.inputs, is_half) ||
         std::ranges::any_of(request.outputs, is_half);
}

}  // namespace

std::unique_ptr<Kernel> make_between_casts(const KernelFactory& make, KernelRequest& request) {
  if (!has_halves(request)) return request.refuse("no 16-bit floats");
  if (std::max(request.inputs.size(), request.outputs.size()) > kMaxOperands) {
    return request.refuse("too many operands");
  }
  return Widening(request).make(make);
}

void add_kernels_between_casts(Registry& registry) {
  for (OpDef& definition : registry.all()) {
    if (definition.dynamic) continue;
    std::vector<KernelDef> kernels;
    for (KernelDef& kernel : definition.kernels) {
      kernels.push_back(std::move(kernel));
      KernelDef own = kernels.back();
      if (own.device != DeviceKind::kCpu || own.name == "reference") continue;
      KernelDef& between = kernels.emplace_back();
      between.name = own.name + " between casts";
      between.concerns = has_halves;
      between.make = [make = std::move(own.make)](KernelRequest& request) {
        return make_between_casts(make, request);
      };
    }
    definition.kernels = std::move(kernels);
  }
}

}  // namespace convoy
