// Small expression lists over real numbers: what an elementwise kernel computes for each element.
#pragma once

#include <string>
#include <vector>

#include "ops/kernels/elementwise/formula.h"

namespace convoy::elementwise {

// Where a step reads from.
struct Operand {
  enum class Kind : uint8_t { kInput, kStep, kConstant };
  Kind kind = Kind::kInput;
  int index = 0;       // of the input, or of an earlier step
  float constant = 0;  // kConstant

  static Operand input(int i) { return {Kind::kInput, i, 0}; }
  static Operand step(int i) { return {Kind::kStep, i, 0}; }
  static Operand number(float value) { return {Kind::kConstant, 0, value}; }
};

struct Step {
  Formula formula = Formula::kCopy;
  Operand operands[kMaxArity];
  float parameters[kMaxParameters] = {};
};

struct Program {
  int inputs = 0;
  std::vector<Step> steps;
  std::vector<int> outputs;  // steps, in the order of the outputs
  std::vector<int> slots;    // the node's input behind each input; empty: the same numbers
  int trailing_axes = 0;     // axes of size 1 to append to input 1: see legacy_broadcast.h

  // Adds a step and returns its number.
  int add(Formula formula, std::initializer_list<Operand> operands,
          std::initializer_list<float> parameters = {});

  // Throws kInvalidModel when an operand names no input or no earlier step, or there is nothing to
  // compute.
  void check() const;
  int slot(int input) const { return slots.empty() ? input : slots[static_cast<size_t>(input)]; }
  // Cost of one element relative to an addition.
  int cost() const;
};

// One step of one formula over inputs 0, 1, ….
Program single_step(Formula formula, std::initializer_list<float> parameters = {});

}  // namespace convoy::elementwise
