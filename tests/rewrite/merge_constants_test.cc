// Constants of branches that are alike in what operators say of them, and in nothing else.
#include "tests/rewrite/quantized_case.h"
#include "tests/rewrite/rows_case.h"

namespace convoy::testing {
namespace {

// Optimizes and compares the numbers before and after.
void check(GraphCase& test, const Shape& shape) {
  test.finish();
  Feeds feeds{{"x", random_floats(shape, 7)}};
  std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
  test.optimize();
  expect_close(evaluate_graph(test.graph(), feeds), before, 1e-5);
}

// Gemm of four columns each, C of one number or of one for each column.
std::vector<ValueId> products(GraphCase& test, const std::vector<Shape>& addends) {
  ValueId x = test.input("x", {6, 16});
  std::vector<ValueId> parts = test.build().split(x, 1, {4, 4, 4, 4});
  std::vector<ValueId> made;
  for (size_t i = 0; i < parts.size(); ++i) {
    made.push_back(test.node("Gemm", {parts[i], test.weight({4, 5}), test.weight(addends[i])}));
  }
  return made;
}

const std::vector<std::vector<Shape>> kAddends = {
    {{1}, {5}, {5}, {5}}, {{5}, {5}, {5}, {1}}, {{1, 5}, {5}, {6, 1}, {5}}};

TEST(MergeConstants, AddendsOfOtherShapesMeetInAConcat) {
  for (const std::vector<Shape>& addends : kAddends) {
    GraphCase test;
    test.output(test.node("Concat", products(test, addends), {{"axis", int64_t{0}}}));
    check(test, {6, 16});
  }
}

TEST(MergeConstants, AddendsOfOtherShapesAreAddedUp) {
  for (const std::vector<Shape>& addends : kAddends) {
    GraphCase test;
    test.output(test.node("Sum", products(test, addends)));
    check(test, {6, 16});
  }
}

TEST(MergeConstants, ReductionsThatNameAnAxisTwice) {
  for (int64_t keeps : {0, 1}) {
    Rows rows;
    auto branch = [keeps](GraphCase& t, ValueId x, int) {
      ValueId y = t.node("Tanh", {conv(t, x)});
      return t.node("ReduceSum", {y, t.ints({0, 0})}, {{"keepdims", keeps}});
    };
    rows.test.output(rows.test.node("Concat", rows.apply(branch), {{"axis", int64_t{0}}}));
    RewriteReport report = rows.check();
    EXPECT_EQ(rows.test.count("ReduceSum"), 1) << report.to_text();
  }
}

// One number a branch is none of blocks, whatever their size.
TEST(MergeConstants, ScalesOfBranchesWithABlockSize) {
  GraphCase test(21);
  ValueId x = test.input("x", {2, kChannels, kRows, kWidth});
  std::vector<ValueId> made;
  for (int h = 0; h < kRows; ++h) {
    ValueId scale = test.floats({}, {0.02F + 0.01F * static_cast<float>(h)});
    ValueId zero = constant_of<uint8_t>(test, {}, {static_cast<uint8_t>(100 + h)});
    Attributes blocks{{"block_size", int64_t{2}}};
    ValueId q = test.node("QuantizeLinear", {row_by_gather(test, x, h), scale, zero}, blocks);
    made.push_back(conv(test, test.node("DequantizeLinear", {q, scale, zero}, blocks)));
  }
  test.output(join(test, made));
  check(test, {2, kChannels, kRows, kWidth});
}

TEST(MergeConstants, AlphaThatTakesWeightsToInfinity) {
  GraphCase test;
  ValueId x = test.input("x", {6, 8});
  std::vector<ValueId> made;
  for (ValueId part : test.build().split(x, 1, {4, 4})) {
    ValueId tiny = test.node("Mul", {part, test.floats({}, {1e-10F})});
    made.push_back(
        test.node("Gemm", {tiny, test.floats({4, 1}, {20, 30, 40, 50})}, {{"alpha", 1e38F}}));
  }
  test.output(test.node("Concat", made, {{"axis", int64_t{0}}}));
  check(test, {6, 8});
}

}  // namespace
}  // namespace convoy::testing
