// Several nodes that are one operator: chains, merged rows, Gelu and LayerNormalization.
#include "tests/ops/rewrites/check_equal.h"

namespace convoy::testing {
namespace {

using List = std::vector<int64_t>;

TEST(Rewrites, ElementwiseChainsAreFused) {
  GraphCase test;
  ValueId x = test.input("x", {2, 4, 9});
  ValueId y = test.node("Mul", {x, test.weight({4, 1})});
  y = test.node("Add", {test.node("Tanh", {y}), test.floats({}, {0.5F})});
  test.output(test.node("Sub", {y, x}));
  RewriteReport report = check_equal(test, lowering());
  EXPECT_EQ(test.count("FusedElementwise"), 1) << report.to_text();
  EXPECT_EQ(test.graph().node_count(), 1U);
}

TEST(Rewrites, AnElementwiseResultThatIsReadTwiceStays) {
  GraphCase test;
  ValueId x = test.input("x", {2, 4, 9});
  ValueId y = test.node("Tanh", {x});
  test.output(test.node("Neg", {y}));
  test.output(test.node("Softmax", {y}), "z");
  check_equal(test, lowering());
  EXPECT_EQ(test.count("Tanh"), 1);
}

TEST(Rewrites, ASmallerOperandIsNotComputedAgainAndAgain) {
  GraphCase test;
  ValueId x = test.input("x", {2, 4, 9});
  ValueId scale = test.node("Exp", {test.input("s", {4, 1})});
  test.output(test.node("Mul", {x, scale}));
  check_equal(test, lowering());
  EXPECT_EQ(test.count("Exp"), 1);
}

TEST(Rewrites, MergedRowsAreReadAndWrittenInPlace) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3, 4, 9});
  ValueId y = test.node("Transpose", {x}, {{"perm", List{0, 2, 1, 3}}});
  y = test.node("Reshape", {y, test.ints({2, 12, 9})});
  y = test.node("Conv", {y, test.weight({20, 3, 3}), test.weight({20})},
                {{"group", int64_t{4}}, {"pads", List{1, 0}}});
  y = test.node("Relu", {y});
  y = test.node("Reshape", {y, test.ints({2, 4, 5, 8})});
  test.output(test.node("Transpose", {y}, {{"perm", List{0, 2, 1, 3}}}));
  RewriteReport report = check_equal(test, lowering());
  EXPECT_EQ(test.count("StackedConv"), 1) << report.to_text();
  EXPECT_EQ(test.graph().node_count(), 1U);
}

TEST(Rewrites, MergedRowsOfAnyBatchAndWidthAreReadAndWrittenInPlace) {
  GraphCase test;
  ValueId x = test.input("x", {"batch", 3, 4, "width"});
  ValueId y = test.node("Transpose", {x}, {{"perm", List{0, 2, 1, 3}}});
  y = test.node("Reshape", {y, test.ints({0, 1, 12, 0})});
  y = test.node("Squeeze", {y, test.ints({1})});
  y = test.node("Conv", {y, test.weight({20, 3, 3}), test.weight({20})},
                {{"group", int64_t{4}}, {"pads", List{1, 1}}});
  y = test.node("Unsqueeze", {y, test.ints({2})});
  y = test.node("Reshape", {y, test.ints({0, 4, 5, 0})});
  test.output(test.node("Transpose", {y}, {{"perm", List{0, 2, 1, 3}}}));
  RewriteReport report = check_equal(test, lowering());
  EXPECT_EQ(test.count("StackedConv"), 1) << report.to_text();
  EXPECT_EQ(test.graph().node_count(), 1U);
}

TEST(Rewrites, ASqueezeOfAnotherAxisIsNotRaised) {
  GraphCase test;
  ValueId x = test.input("x", {1, 3, 4, 12});
  ValueId y = test.node("Transpose", {x}, {{"perm", List{0, 2, 1, 3}}});
  y = test.node("Reshape", {y, test.ints({0, 12, 12, 1})});
  y = test.node("Squeeze", {y, test.ints({3})});
  test.output(test.node("Conv", {y, test.weight({20, 3, 3})}, {{"group", int64_t{4}}}));
  check_equal(test, lowering());
}

TEST(Rewrites, ReshapesThatMixOtherAxesAreNotRaised) {
  GraphCase test;
  ValueId x = test.input("x", {2, 4, 3, 8});
  ValueId y = test.node("Transpose", {x}, {{"perm", List{0, 2, 1, 3}}});
  y = test.node("Reshape", {y, test.ints({2, 6, 16})});
  test.output(test.node("Conv", {y, test.weight({6, 2, 3})}, {{"group", int64_t{3}}}));
  check_equal(test, lowering());
  EXPECT_EQ(test.count("StackedConv"), 0);
}

ValueId written_gelu(GraphCase& test, ValueId x) {
  ValueId erf = test.node("Erf", {test.node("Div", {x, test.floats({}, {1.41421354F})})});
  ValueId sum = test.node("Add", {test.floats({}, {1}), erf});
  return test.node("Mul", {test.node("Mul", {x, sum}), test.floats({}, {0.5F})});
}

TEST(Rewrites, GeluIsRecognizedWhereTheOpsetHasIt) {
  for (int opset : {17, 20}) {
    GraphCase test(opset);
    ValueId x = test.input("x", {2, 7});
    test.output(written_gelu(test, x));
    check_equal(test);
    EXPECT_EQ(test.count("Gelu"), opset == 20 ? 1 : 0);
  }
}

TEST(Rewrites, GeluOfAnotherScaleStays) {
  GraphCase test(20);
  ValueId x = test.input("x", {2, 7});
  ValueId erf = test.node("Erf", {test.node("Div", {x, test.floats({}, {1.5F})})});
  ValueId sum = test.node("Add", {erf, test.floats({}, {1})});
  test.output(test.node("Mul", {test.node("Mul", {x, sum}), test.floats({}, {0.5F})}));
  check_equal(test);
  EXPECT_EQ(test.count("Gelu"), 0);
}

TEST(Rewrites, LayerNormalizationIsRecognized) {
  GraphCase test;
  ValueId x = test.input("x", {2, 5, 8});
  Attributes last{{"axes", List{-1}}};
  ValueId centred = test.node("Sub", {x, test.node("ReduceMean", {x}, last)});
  ValueId square = test.node("Pow", {centred, test.floats({}, {2})});
  ValueId variance = test.node("ReduceMean", {square}, last);
  ValueId sum = test.node("Add", {variance, test.floats({}, {1e-5F})});
  ValueId y = test.node("Div", {centred, test.node("Sqrt", {sum})});
  y = test.node("Mul", {y, test.weight({8})});
  test.output(test.node("Add", {y, test.weight({8})}));
  check_equal(test);
  EXPECT_EQ(test.count("LayerNormalization"), 1);
  EXPECT_EQ(test.graph().node_count(), 1U);
}

}  // namespace
}  // namespace convoy::testing
