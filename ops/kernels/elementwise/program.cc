#include "ops/kernels/elementwise/program.h"

#include <algorithm>

#include "runtime/base/error.h"

namespace convoy::elementwise {

int Program::add(Formula formula, std::initializer_list<Operand> operands,
                 std::initializer_list<float> parameters) {
  Step step;
  step.formula = formula;
  std::copy(operands.begin(), operands.end(), step.operands);
  std::copy(parameters.begin(), parameters.end(), step.parameters);
  steps.push_back(step);
  return static_cast<int>(steps.size()) - 1;
}

void Program::check() const {
  check_model(!steps.empty() && !outputs.empty(), "an elementwise program computes nothing");
  for (size_t s = 0; s < steps.size(); ++s) {
    for (int k = 0; k < arity_of(steps[s].formula); ++k) {
      const Operand& operand = steps[s].operands[k];
      int limit = operand.kind == Operand::Kind::kInput ? inputs : static_cast<int>(s);
      check_model(
          operand.kind == Operand::Kind::kConstant || (operand.index >= 0 && operand.index < limit),
          "step {} of an elementwise program reads operand {}, of {}", s, operand.index, limit);
    }
  }
  for (int output : outputs) {
    check_model(output >= 0 && output < static_cast<int>(steps.size()),
                "an elementwise program returns step {} of {}", output, steps.size());
  }
}

int Program::cost() const {
  int cost = 0;
  for (const Step& step : steps) cost += cost_of(step.formula);
  return cost;
}

Program single_step(Formula formula, std::initializer_list<float> parameters) {
  Program program;
  program.inputs = arity_of(formula);
  Step step;
  step.formula = formula;
  for (int k = 0; k < program.inputs; ++k) step.operands[k] = Operand::input(k);
  std::copy(parameters.begin(), parameters.end(), step.parameters);
  program.steps.push_back(step);
  program.outputs.push_back(0);
  return program;
}

}  // namespace convoy::elementwise
