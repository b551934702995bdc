#include "ops/conv/onednn_kernel.h"

#include <cstring>

namespace convoy {
namespace {

using onednn::Primitive;

class OneDnnKernel : public Kernel {
 public:
  OneDnnKernel(KernelRequest& request, std::shared_ptr<const Primitive> primitive,
               std::optional<SourcePadding> padding)
      : primitive_(std::move(primitive)),
        padding_(std::move(padding)),
        has_bias_(request.has_input(2)),
        has_residual_(request.has_input(3)) {
    size_t scratch = aligned(primitive_->scratch_bytes());
    if (padding_) {
      padded_at_ = scratch;
      scratch += aligned(static_cast<size_t>(checked_multiply(padding_->floats(), sizeof(float))));
    }
    weights_at_ = scratch;
    if (!primitive_->weights_format().empty()) {
      size_t bytes = primitive_->packed_weights_bytes();
      const Tensor* weights = request.constant(1);
      if (weights != nullptr && request.weights != nullptr) {
        Tensor plain = weights->contiguous();
        packed_ = request.weights->get(
            *weights, primitive_->weights_format(), bytes, [&](void* destination) {
              primitive_->pack_weights(plain.data<float>(), static_cast<float*>(destination));
            });
      } else {
        pack_each_run_ = true;
        scratch += bytes;
      }
    }
    request.use_scratch(scratch);
  }

  void run(KernelContext& context) const override {
    const TensorView& output = context.output(0);
    if (has_residual_ && context.input(3).data != output.data) {
      std::memcpy(output.data, context.input(3).data, static_cast<size_t>(output.bytes()));
    }
    onednn::Operands operands;
    operands.source = context.input(0).as<const float>();
    if (padding_) {
      auto* padded = reinterpret_cast<float*>(context.scratch() + padded_at_);
      padding_->copy(operands.source, padded, context.threads());
      operands.source = padded;
    }
    operands.weights = weights(context);
    if (has_bias_) operands.bias = context.input(2).as<const float>();
    operands.destination = output.as<float>();
    operands.scratch = context.scratch();
    primitive_->run(operands);
  }

 private:
  static size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

  const float* weights(KernelContext& context) const {
    const auto* plain = context.input(1).as<const float>();
    if (packed_) return reinterpret_cast<const float*>(packed_->data());
    if (!pack_each_run_) return plain;
    auto* packed = reinterpret_cast<float*>(context.scratch() + weights_at_);
    primitive_->pack_weights(plain, packed);
    return packed;
  }

  std::shared_ptr<const Primitive> primitive_;
  std::optional<SourcePadding> padding_;
  std::shared_ptr<const Buffer> packed_;
  bool has_bias_;
  bool has_residual_;
  bool pack_each_run_ = false;
  size_t weights_at_ = 0;
  size_t padded_at_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_onednn_kernel(KernelRequest& request,
                                           std::shared_ptr<const onednn::Primitive> primitive,
                                           std::optional<SourcePadding> padding) {
  return std::make_unique<OneDnnKernel>(request, std::move(primitive), std::move(padding));
}

}  // namespace convoy
