#include "ops/elementwise/cuda_program.h"

#include "ops/cuda_kernel.h"
#include "ops/elementwise/legacy_broadcast.h"
#include "ops/elementwise/program_kernel.h"
#include "ops/kernels/cuda/elementwise_program.h"
#include "ops/kernels/elementwise/strided_walk.h"

namespace convoy {

std::optional<cuda::Stored> cuda_stored(DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return cuda::Stored::float32;
    case DType::kFloat16: return cuda::Stored::float16;
    case DType::kBFloat16: return cuda::Stored::bfloat16;
    case DType::kBool: return cuda::Stored::boolean;
    case DType::kUInt8: return cuda::Stored::uint8;
    case DType::kInt8: return cuda::Stored::int8;
    case DType::kUInt16: return cuda::Stored::uint16;
    case DType::kInt16: return cuda::Stored::int16;
    default: return std::nullopt;
  }
}

namespace elementwise {
namespace {

using cuda::ElementwiseProgram;

void describe_step(const Step& step, ElementwiseProgram::Step& to) {
  to.formula = step.formula;
  for (int k = 0; k < arity_of(step.formula); ++k) {
    const Operand& operand = step.operands[k];
    to.index[k] = static_cast<uint8_t>(operand.index);
    to.constant[k] = operand.constant;
    to.source[k] = operand.kind == Operand::Kind::kInput  ? ElementwiseProgram::Source::input
                   : operand.kind == Operand::Kind::kStep ? ElementwiseProgram::Source::step
                                                          : ElementwiseProgram::Source::constant;
  }
  // What a formula does not have is a number, and not read.
  for (int k = arity_of(step.formula); k < kMaxArity; ++k) {
    to.source[k] = ElementwiseProgram::Source::constant;
  }
  std::copy(std::begin(step.parameters), std::end(step.parameters), to.parameters);
}

// The axes of the outputs, then of the inputs; false where there are too many.
bool describe_axes(const std::vector<TensorDesc>& descs, ElementwiseProgram& to) {
  const TensorDesc* pointers[kMaxOperands];
  for (size_t k = 0; k < descs.size(); ++k) pointers[k] = &descs[k];
  StridedWalk walk({pointers, descs.size()});
  if (walk.rank > ElementwiseProgram::kMaxAxes) return false;
  to.count = walk.count;
  to.rank = walk.rank;
  for (int axis = 0; axis < walk.rank; ++axis) {
    to.size[axis] = walk.size[axis];
    for (int k = 0; k < walk.operands; ++k) to.tensor[k].step[axis] = walk.step[k][axis];
  }
  return true;
}

}  // namespace

std::unique_ptr<Kernel> make_cuda_kernel(KernelRequest& request, const Program& program,
                                         const std::vector<int>& trailing_axes) {
  program.check();
  const int outputs = static_cast<int>(program.outputs.size());
  const int operands = outputs + program.inputs;
  if (operands > ElementwiseProgram::kMaxOperands) return request.refuse("too many operands");
  if (program.steps.size() > ElementwiseProgram::kMaxSteps) return request.refuse("too many steps");

  ElementwiseProgram problem = {};
  problem.outputs = outputs;
  problem.inputs = program.inputs;
  problem.steps = static_cast<int>(program.steps.size());
  for (size_t s = 0; s < program.steps.size(); ++s) {
    describe_step(program.steps[s], problem.step[s]);
  }
  std::vector<TensorDesc> descs;
  for (int j = 0; j < outputs; ++j) {
    const DType dtype = request.output(j).dtype;
    if (!is_floating(dtype) && dtype != DType::kBool) return request.refuse("writes floats only");
    problem.output_step[j] = static_cast<uint8_t>(program.outputs[static_cast<size_t>(j)]);
    descs.push_back(request.output(j));
    request.accept_output_strides(j);
  }
  std::vector<int> slots;
  for (int i = 0; i < program.inputs; ++i) {
    const int slot = program.slot(i);
    check_model(request.has_input(slot), "input {} is missing", slot);
    slots.push_back(slot);
    descs.push_back(request.input(slot));
    const auto number = static_cast<size_t>(i);
    int axes = i == 1 ? program.trailing_axes : 0;
    if (number < trailing_axes.size()) axes = trailing_axes[number];
    if (axes > 0) descs.back() = with_trailing_axes(descs.back(), axes);
    request.accept_strides(slot);
  }
  for (int k = 0; k < operands; ++k) {
    auto stored = cuda_stored(descs[static_cast<size_t>(k)].dtype);
    if (!stored) return request.refuse("numbers of a type that float32 does not hold");
    problem.tensor[k].stored = *stored;
  }
  if (!describe_axes(descs, problem)) return request.refuse("too many axes");
  allow_in_place(request, program);
  auto bind = [slots](ElementwiseProgram& with_data, KernelContext& context) {
    ElementwiseProgram::Tensor* tensor = with_data.tensor;
    for (int j = 0; j < with_data.outputs; ++j) (tensor++)->data = context.output(j).data;
    for (int slot : slots) (tensor++)->data = context.input(slot).data;
  };
  return make_cuda_launch(request, "elementwise_program", problem, bind);
}

}  // namespace elementwise
}  // namespace convoy
