// The operands of one kernel outside of a plan, in the forms that it needs.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "runtime/op/kernel.h"

namespace convoy {

// Operands that have the form that is needed are used as they are, others through a copy.
class FormedOperands {
 public:
  explicit FormedOperands(ThreadPool& threads) : threads_(threads) {}

  // In the order of the operands; a view that is not present() stands for one that was left out.
  // The memory stays the caller's, until the last call of this object.
  void add_input(const TensorView& given, const Need& need) { add(given, need, inputs_, in_); }
  // A constant is brought into its form now, not by convert_inputs().
  void add_constant(const Tensor& given, const Need& need);
  void add_output(const TensorView& given, const Need& need) { add(given, need, outputs_, out_); }

  void convert_inputs() const;
  void convert_outputs() const;

  std::span<const TensorView> inputs() const { return inputs_; }
  std::span<const TensorView> outputs() const { return outputs_; }

 private:
  // From the given view to the copy, by way of copies in between.
  using Path = std::vector<TensorView>;

  void add(const TensorView& given, const Need& need, std::vector<TensorView>& views,
           std::vector<Path>& paths);
  TensorView memory_for(const TensorDesc& desc);

  ThreadPool& threads_;
  std::vector<TensorView> inputs_, outputs_;
  std::vector<Path> in_, out_;
  std::vector<std::shared_ptr<Buffer>> held_;
  std::vector<Tensor> constants_;
};

}  // namespace convoy
