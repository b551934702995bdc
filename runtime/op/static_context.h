// The context of a kernel whose operands all have types and places known before it runs.
#pragma once

#include "runtime/op/kernel.h"

namespace convoy {

class StaticKernelContext final : public KernelContext {
 public:
  // `queue` may be nullptr for kernels of the CPU.
  StaticKernelContext(std::span<const TensorView> inputs, std::span<const TensorView> outputs,
                      ThreadPool& threads, std::byte* scratch, Queue* queue = nullptr) {
    inputs_ = inputs;
    outputs_ = outputs;
    threads_ = &threads;
    queue_ = queue;
    scratch_ = scratch;
  }
  TensorView allocate_output(int, DType, const Shape&) override { refuse(); }
  Value input_value(int i) const override { return Tensor::borrow(input(i)); }
  void set_output(int, Value) override { refuse(); }
  bool wants_output(int j) const override { return has_output(j); }
  BodyRunner& body(std::string_view) override { refuse(); }

 private:
  [[noreturn]] static void refuse() {
    fail(ErrorCode::kInternal, "a static step asked for what only dynamic steps have");
  }
};

}  // namespace convoy
