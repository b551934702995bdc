// Elementwise kernels on one thread: a single formula, a fused chain, and every way to broadcast.
#include <vector>

#include <benchmark/benchmark.h>

#include "ops/kernels/elementwise/tile_evaluator.h"
#include "runtime/tensor/tensor.h"

namespace convoy::elementwise {
namespace {

struct Operands {
  std::vector<Tensor> tensors;  // the output, then the inputs
  std::vector<void*> addresses;
  std::vector<DType> inputs;

  StridedWalk walk() const {
    std::vector<const TensorDesc*> descs;
    for (const Tensor& tensor : tensors) descs.push_back(&tensor.desc());
    return StridedWalk(descs);
  }
};

Operands make_operands(const std::vector<Shape>& shapes, DType dtype) {
  Operands operands;
  for (const Shape& shape : shapes) {
    Tensor tensor = Tensor::zeros(dtype, shape);
    operands.addresses.push_back(tensor.raw());
    if (!operands.tensors.empty()) operands.inputs.push_back(dtype);
    operands.tensors.push_back(std::move(tensor));
  }
  return operands;
}

void run(benchmark::State& state, const Program& program, const std::vector<Shape>& shapes,
         DType dtype = DType::kFloat32) {
  Operands operands = make_operands(shapes, dtype);
  DType outputs[] = {dtype};
  TileEvaluator<float> evaluator(program, float_loops(best_isa()), operands.inputs, outputs);
  StridedWalk walk = operands.walk();
  for (auto _ : state) {
    evaluator.run(walk, operands.addresses.data(), 0, walk.count);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * walk.count);
}

void formula(benchmark::State& state, Formula f) {
  Program program = single_step(f, {0.5f, 1.5f});
  run(state, program, std::vector<Shape>(static_cast<size_t>(arity_of(f)) + 1, {state.range(0)}));
}
BENCHMARK_CAPTURE(formula, relu, Formula::kRelu)->Arg(64)->Arg(16384)->Arg(1 << 22);
BENCHMARK_CAPTURE(formula, add, Formula::kAdd)->Arg(64)->Arg(16384)->Arg(1 << 22);
BENCHMARK_CAPTURE(formula, sigmoid, Formula::kSigmoid)->Arg(16384);
BENCHMARK_CAPTURE(formula, tanh, Formula::kTanh)->Arg(16384);
BENCHMARK_CAPTURE(formula, gelu, Formula::kGelu)->Arg(16384);
BENCHMARK_CAPTURE(formula, exp, Formula::kExp)->Arg(16384);
BENCHMARK_CAPTURE(formula, log, Formula::kLog)->Arg(16384);
BENCHMARK_CAPTURE(formula, pow, Formula::kPower)->Arg(16384);

void broadcast(benchmark::State& state, const Shape& a, const Shape& b) {
  run(state, single_step(Formula::kAdd), {broadcast_shapes(a, b), a, b});
}
BENCHMARK_CAPTURE(broadcast, channel, {1, 64, 56, 56}, {64, 1, 1});
BENCHMARK_CAPTURE(broadcast, short_channel, {32, 256, 7, 7}, {256, 1, 1});
BENCHMARK_CAPTURE(broadcast, row, {512, 768}, {768});
BENCHMARK_CAPTURE(broadcast, short_row, {20000, 10}, {10});
BENCHMARK_CAPTURE(broadcast, column, {20000, 10}, {20000, 1});
BENCHMARK_CAPTURE(broadcast, scalar, {200000}, {1});

void half(benchmark::State& state, DType dtype) {
  run(state, single_step(Formula::kAdd), std::vector<Shape>(3, {16384}), dtype);
}
BENCHMARK_CAPTURE(half, float16, DType::kFloat16);
BENCHMARK_CAPTURE(half, bfloat16, DType::kBFloat16);

// (x · a + b), sigmoid, · x: four steps in one pass.
void chain(benchmark::State& state) {
  Program program;
  program.inputs = 3;
  int product = program.add(Formula::kMultiply, {Operand::input(0), Operand::input(1)});
  int sum = program.add(Formula::kAdd, {Operand::step(product), Operand::input(2)});
  int gate = program.add(Formula::kSigmoid, {Operand::step(sum)});
  program.outputs = {program.add(Formula::kMultiply, {Operand::step(gate), Operand::input(0)})};
  Shape x = {1, 64, state.range(0)};
  run(state, program, {x, x, {64, 1}, {64, 1}});
}
BENCHMARK(chain)->Arg(49)->Arg(3136);

}  // namespace
}  // namespace convoy::elementwise
