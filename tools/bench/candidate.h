// One kernel of one node outside of a plan, for benchmarks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/op/formed_operands.h"
#include "runtime/op/op.h"
#include "runtime/op/static_context.h"
#include "runtime/op/weight_cache.h"

namespace convoy {

// A node with one output: where an input is constant, kernels may pack it.
struct BenchNode {
  std::string op;
  int version = 0;
  Attributes attributes;
  std::vector<Shape> inputs;
  std::vector<bool> constant;
  Shape output;
};

// The kernel on numbers of its own, in the forms that it asks for: reorders do not count. One
// thread.
class Candidate {
 public:
  Candidate(const BenchNode& node, const OpDef& definition, const KernelDef& kernel);
  Candidate(const Candidate&) = delete;
  Candidate& operator=(const Candidate&) = delete;

  const std::string& refusal() const { return refusal_; }  // empty: it can run
  void run() { kernel_->run(*context_); }
  // Reads every input that is no constant, as the node before would have written it.
  float touch_inputs() const;

 private:
  std::vector<Tensor> inputs_;
  std::vector<bool> constant_;
  Tensor output_;
  TransientWeights weights_{nullptr, {}};
  std::unique_ptr<ThreadPool> threads_;
  std::unique_ptr<Kernel> kernel_;
  std::unique_ptr<FormedOperands> operands_;
  std::shared_ptr<Buffer> scratch_;
  std::unique_ptr<StaticKernelContext> context_;
  std::string refusal_;
};

}  // namespace convoy
