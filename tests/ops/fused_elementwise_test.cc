#include "ops/fused_elementwise.h"

#include "tests/ops/op_case.h"

namespace convoy {
namespace {

using elementwise::Formula;
using elementwise::Operand;
using elementwise::Program;

// sigmoid(a · b) + leaky_relu(b) on rows, whose second operand repeats.
Program gated() {
  Program program;
  program.inputs = 2;
  int product = program.add(Formula::kMultiply, {Operand::input(0), Operand::input(1)});
  int gate = program.add(Formula::kSigmoid, {Operand::step(product)});
  int leak = program.add(Formula::kLeakyRelu, {Operand::input(1)}, {0.1f});
  int sum = program.add(Formula::kAdd, {Operand::step(gate), Operand::step(leak)});
  program.outputs = {sum};
  return program;
}

OpCase case_of(const char* name, const Program& program, std::vector<Tensor> inputs,
               std::vector<Tensor> expected) {
  OpCase c{name, "FusedElementwise", std::move(inputs), std::move(expected)};
  c.attributes = fused_attributes(program);
  c.version = 1;
  c.within = 1e-6;
  c.is_private = true;
  return c;
}

std::vector<OpCase> cases() {
  Program affine;
  affine.inputs = 1;
  int scaled = affine.add(Formula::kMultiply, {Operand::input(0), Operand::number(2.5f)});
  int moved = affine.add(Formula::kAdd, {Operand::step(scaled), Operand::number(-1)});
  int clipped = affine.add(Formula::kClip, {Operand::step(moved)}, {0, 6});
  affine.outputs = {clipped, scaled};

  Program same_twice;
  same_twice.inputs = 1;
  int negated = same_twice.add(Formula::kNegate, {Operand::input(0)});
  same_twice.outputs = {negated, negated};

  return {
      case_of("affine_with_two_outputs", affine, {tensor<float>({4}, {-1, 0.4f, 1, 9})},
              {tensor<float>({4}, {0, 0, 1.5f, 6}), tensor<float>({4}, {-2.5f, 1, 2.5f, 22.5f})}),
      case_of("one_step_for_two_outputs", same_twice, {tensor<float>({2}, {1, -2})},
              {tensor<float>({2}, {-1, 2}), tensor<float>({2}, {-1, 2})}),
      case_of("broadcast", gated(),
              {tensor<float>({2, 2}, {0, 0, 0, 0}), tensor<float>({2}, {1, -1})},
              {tensor<float>({2, 2}, {1.5f, 0.4f, 1.5f, 0.4f})}),
      case_of("half", gated(), {tensor<Float16>({2}, {0.0f, 0.0f}), tensor<Float16>({}, {1.0f})},
              {tensor<Float16>({2}, {1.5f, 1.5f})}),
  };
}

CONVOY_OP_CASES(FusedElementwise, cases());

TEST(FusedElementwise, AgreesWithDoublePrecision) {
  for (const auto& [a, b] : std::vector<std::pair<Shape, Shape>>{{{3, 40, 700}, {40, 1}},
                                                                 {{3, 40, 7}, {40, 1}},
                                                                 {{5, 3000}, {5, 3000}},
                                                                 {{1}, {2, 70}}}) {
    OpCase c = case_of("gated", gated(), {pattern(a, -4, 4), pattern(b, -4, 4, 9)},
                       {tensor<float>({}, {0})});
    compare_kernels(c);
  }
}

TEST(FusedElementwise, ProgramsSurviveTheirEncoding) {
  Program program = gated();
  program.add(Formula::kClamp, {Operand::step(3), Operand::number(-0.1f), Operand::number(1e30f)});
  program.outputs = {4, 0};
  Node node;
  node.attributes = fused_attributes(program);
  node.inputs.resize(2, ValueId::kNone);
  node.outputs.resize(2, ValueId::kNone);
  Program read = read_fused_program(node);
  EXPECT_EQ(read.inputs, 2);
  EXPECT_EQ(read.outputs, program.outputs);
  EXPECT_TRUE(equal(fused_attributes(read), node.attributes));
  EXPECT_EQ(read.steps[4].operands[1].constant, -0.1f);
  EXPECT_EQ(read.steps[2].parameters[0], 0.1f);
}

TEST(FusedElementwise, RefusesProgramsThatReadNothing) {
  for (const char* step : {"add i0", "add i0 i7", "add i0 s0", "add i0 x1", "what i0", "abs i-1",
                           "abs i0 i0", "clip i0 p1 p2 p3 p4", "add i0 =", ""}) {
    OpCase c = case_of("bad", gated(), {tensor<float>({1}, {0}), tensor<float>({1}, {0})},
                       {tensor<float>({1}, {0})});
    c.attributes["steps"] = std::vector<std::string>{step};
    c.attributes["outputs"] = std::vector<int64_t>{0};
    EXPECT_THROW(evaluate_case(c, c.inputs), Error) << step;
  }
}

}  // namespace
}  // namespace convoy
