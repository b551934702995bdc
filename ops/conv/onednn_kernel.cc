#include "ops/conv/onednn_kernel.h"

#include <cstring>

namespace convoy {
namespace {

using onednn::Primitive;

class OneDnnKernel : public Kernel {
 public:
  OneDnnKernel(KernelRequest& request, std::shared_ptr<const Primitive> primitive)
      : primitive_(std::move(primitive)),
        has_bias_(request.has_input(2)),
        has_residual_(request.has_input(3)) {
    size_t scratch = (primitive_->scratch_bytes() + kAlignment - 1) / kAlignment * kAlignment;
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
    operands.weights = weights(context);
    if (has_bias_) operands.bias = context.input(2).as<const float>();
    operands.destination = output.as<float>();
    operands.scratch = context.scratch();
    primitive_->run(operands);
  }

 private:
  const float* weights(KernelContext& context) const {
    const auto* plain = context.input(1).as<const float>();
    if (packed_) return reinterpret_cast<const float*>(packed_->data());
    if (!pack_each_run_) return plain;
    auto* packed = reinterpret_cast<float*>(context.scratch() + weights_at_);
    primitive_->pack_weights(plain, packed);
    return packed;
  }

  std::shared_ptr<const Primitive> primitive_;
  std::shared_ptr<const Buffer> packed_;
  bool has_bias_;
  bool has_residual_;
  bool pack_each_run_ = false;
  size_t weights_at_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_onednn_kernel(KernelRequest& request,
                                           std::shared_ptr<const onednn::Primitive> primitive) {
  return std::make_unique<OneDnnKernel>(request, std::move(primitive));
}

}  // namespace convoy
