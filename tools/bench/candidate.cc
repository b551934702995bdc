#include "tools/bench/candidate.h"

#include "runtime/op/select_kernel.h"

namespace convoy {
namespace {

// Small numbers of both signs.
Tensor numbers(const Shape& shape) {
  Tensor tensor = Tensor::allocate(DType::kFloat32, shape);
  float* values = tensor.mutable_data<float>();
  for (int64_t k = 0; k < tensor.count(); ++k) {
    values[k] = static_cast<float>(k % 17) * 0.1f - 0.8f;
  }
  return tensor;
}

}  // namespace

Candidate::Candidate(const BenchNode& bench, const OpDef& definition, const KernelDef& kernel)
    : constant_(bench.constant), output_(numbers(bench.output)), threads_(make_thread_pool(1)) {
  Graph graph;
  Node node;
  node.op_type = bench.op;
  node.version = bench.version;
  node.attributes = bench.attributes;
  node.outputs = {ValueId{0}};
  KernelRequest request(graph, node);
  for (const Shape& shape : bench.inputs) {
    inputs_.push_back(numbers(shape));
    request.inputs.push_back(inputs_.back().desc());
  }
  for (size_t i = 0; i < inputs_.size(); ++i) {
    request.constants.push_back(constant_[i] ? &inputs_[i] : nullptr);
  }
  request.outputs.push_back(output_.desc());
  request.isa = best_isa();
  request.threads = 1;
  request.weights = &weights_;
  KernelChoice choice = ask(definition, kernel, request);
  if (!choice.kernel) {
    refusal_ = choice.refusals.front();
    return;
  }
  kernel_ = std::move(choice.kernel);
  operands_ = std::make_unique<FormedOperands>(*threads_);
  for (size_t i = 0; i < inputs_.size(); ++i) {
    operands_->add_input(inputs_[i].view(), request.input_need(i));
  }
  operands_->add_output(output_.view(), request.output_need(0));
  operands_->convert_inputs();
  scratch_ = Buffer::allocate(request.scratch_bytes);
  context_ = std::make_unique<StaticKernelContext>(operands_->inputs(), operands_->outputs(),
                                                   *threads_, scratch_->data());
}

float Candidate::touch_inputs() const {
  float sum = 0;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const TensorView& view = operands_->inputs()[i];
    if (constant_[i]) continue;
    const int64_t count = element_count(view.shape);
    for (int64_t k = 0; k < count; k += 16) sum += view.as<float>()[k];
  }
  return sum;
}

}  // namespace convoy
