// A product with a constant, an activation and a residual behind it gives the same lowered and not,
// whatever the ranks are.
#include <gtest/gtest.h>

#include "tests/fuzz/dice.h"
#include "tests/rewrite/graph_case.h"

namespace convoy::testing {
namespace {

struct Operands {
  Shape a, b, y;
};

// y is what A · B has.
Operands random_operands(Dice& dice) {
  const int64_t m = dice.between(1, 5), k = dice.between(1, 5), n = dice.between(1, 5);
  Shape batch;
  for (int64_t i = dice.below(3); i > 0; --i) batch.push_back(dice.between(1, 3));
  auto in_front = [&](std::initializer_list<int64_t> matrix) {
    Shape shape;
    for (int i = static_cast<int>(dice.below(batch.rank() + 1)); i < batch.rank(); ++i) {
      shape.push_back(dice.chance(30) ? 1 : batch[i]);
    }
    for (int64_t size : matrix) shape.push_back(size);
    return shape;
  };
  Operands result;
  result.a = dice.chance(30) ? Shape{k} : in_front({m, k});
  result.b = dice.chance(30) ? Shape{k} : in_front({k, n});
  auto axes_before = [](const Shape& shape) {
    return Shape(std::span(shape.begin(), static_cast<size_t>(std::max(0, shape.rank() - 2))));
  };
  result.y = broadcast_shapes(axes_before(result.a), axes_before(result.b));
  if (result.a.rank() > 1) result.y.push_back(m);
  if (result.b.rank() > 1) result.y.push_back(n);
  return result;
}

// A shape that broadcasts with y, sometimes one of more axes.
Shape random_addend(Dice& dice, const Shape& y) {
  Shape shape = y;
  for (int i = 0; i < shape.rank(); ++i) {
    if (dice.chance(40)) shape[i] = 1;
  }
  while (shape.rank() > 0 && dice.chance(40)) shape.erase(0);
  while (shape.rank() >= y.rank() && shape.rank() < 5 && dice.chance(15)) {
    shape.insert(0, dice.between(1, 2));
  }
  return shape;
}

void check_one(uint64_t seed) {
  SCOPED_TRACE(seed);
  Dice dice(seed);
  GraphCase test;
  Feeds feeds;
  auto input = [&](const std::string& name, const Shape& shape) {
    feeds[name] = dice.floats(shape);
    return test.input(name, {shape.begin(), shape.end()});
  };
  Operands operands = random_operands(dice);
  ValueId a = input("a", operands.a);
  ValueId b = dice.chance(50) ? test.weight(operands.b) : input("b", operands.b);
  ValueId y = test.node("MatMul", {a, b});
  Shape shape = operands.y;
  for (int64_t i = dice.between(1, 3); i > 0; --i) {
    if (dice.chance(30)) {
      y = test.node(dice.chance(50) ? "Relu" : "Tanh", {y});
      continue;
    }
    Shape addend = random_addend(dice, shape);
    std::string name = "c" + std::to_string(i);
    ValueId c = dice.chance(70) ? test.weight(addend) : input(name, addend);
    y = dice.chance(50) ? test.node("Add", {y, c}) : test.node("Add", {c, y});
    shape = broadcast_shapes(shape, addend);
  }
  test.output(y);
  test.finish();
  std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
  RewriteOptions options;
  options.lowering = true;
  test.optimize(options);
  expect_close(evaluate_graph(test.graph(), feeds), before);
}

TEST(FuseMatMul, GivesWhatThePlainNodesGive) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    check_one(seed);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace convoy::testing
