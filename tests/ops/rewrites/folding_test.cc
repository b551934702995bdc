// What is computed once, or not at all: constants, shapes, equal nodes, identities.
#include "tests/ops/rewrites/check_equal.h"

namespace convoy::testing {
namespace {

using List = std::vector<int64_t>;

TEST(Rewrites, ConstantsAreFolded) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3});
  ValueId sum = test.node("Add", {test.weight({3}), test.weight({3})});
  test.output(test.node("Add", {x, test.node("Mul", {sum, test.weight({2, 3})})}));
  RewriteReport report = check_equal(test);
  EXPECT_EQ(report.count("fold_constants"), 2);
  EXPECT_EQ(test.graph().node_count(), 1U);
}

TEST(Rewrites, RangeGetsScalars) {
  GraphCase test;
  ValueId limit = test.input("limit", {}, DType::kInt64);
  test.output(test.node("Range", {test.ints({1}), limit, test.index(2)}));
  test.finish();
  Feeds feeds{{"limit", Tensor::scalar<int64_t>(8)}};
  EXPECT_EQ(test.optimize().count("scalar_range_operands"), 1);
  Tensor range = evaluate_graph(test.graph(), feeds)[0];
  EXPECT_EQ(to_int64s(range), (List{1, 3, 5, 7}));
  EXPECT_EQ(test.optimize().count("scalar_range_operands"), 0);
}

TEST(Rewrites, RandomNumbersAreNotFolded) {
  GraphCase test;
  test.input("x", {2, 3});
  ValueId noise = test.node("RandomNormalLike", {test.weight({3})});
  test.output(test.node("Add", {noise, test.node("RandomNormalLike", {test.weight({3})})}));
  test.finish();
  RewriteReport report = test.optimize();
  EXPECT_TRUE(report.fired.empty()) << report.to_text();
}

TEST(Rewrites, GrowingConstantsAreNotFolded) {
  GraphCase test;
  ValueId x = test.input("x", {1});
  ValueId shape = test.ints({2000, 1000});
  ValueId large = test.node("Expand", {test.weight({1}), shape});
  test.output(test.node("ReduceSum", {test.node("Add", {x, large})}));
  test.finish();
  RewriteReport report = test.optimize();
  EXPECT_EQ(report.count("fold_constants"), 0);
  EXPECT_FALSE(report.nearly.empty());
}

TEST(Rewrites, ShapesAreFoldedWhereKnown) {
  GraphCase test;
  ValueId x = test.input("x", {"batch", 3, 4});
  ValueId shape = test.node("Shape", {x});
  ValueId width = test.node("Gather", {shape, test.ints({2})});
  ValueId target = test.node("Concat", {test.ints({-1}), width}, {{"axis", int64_t{0}}});
  test.output(test.node("Reshape", {x, target}));
  check_equal(test);
  EXPECT_EQ(test.count("Shape"), 0);
  EXPECT_EQ(test.graph().node_count(), 1U);
}

TEST(Rewrites, UnknownDimensionsAreNotFolded) {
  GraphCase test;
  ValueId x = test.input("x", {"batch", 3, 4});
  ValueId batch = test.node("Gather", {test.node("Shape", {x}), test.ints({0})});
  ValueId target = test.node("Concat", {batch, test.ints({12})}, {{"axis", int64_t{0}}});
  test.output(test.node("Expand", {test.weight({1}), target}));
  test.finish();
  test.optimize();
  EXPECT_EQ(test.count("Shape"), 1);
}

TEST(Rewrites, EqualNodesAreMerged) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3});
  ValueId y = test.input("y", {2, 3});
  ValueId a = test.node("Add", {x, y});
  ValueId b = test.node("Add", {y, x});
  ValueId c = test.node("Sub", {x, y});
  ValueId d = test.node("Sub", {y, x});
  ValueId left = test.node("Mul", {test.node("Mul", {a, b}), c});
  test.output(test.node("Mul", {left, d}));
  RewriteReport report = check_equal(test);
  EXPECT_EQ(report.count("merge_equal_nodes"), 1);
  EXPECT_EQ(test.count("Sub"), 2);
}

TEST(Rewrites, IdentitiesAreRemoved) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3});
  ValueId y = test.node("Identity", {x});
  y = test.node("Add", {y, test.floats({}, {0})});
  y = test.node("Div", {y, test.floats({1}, {1})});
  y = test.node("Cast", {y}, {{"to", int64_t{1}}});
  y = test.node("Dropout", {y});
  y = test.node("Transpose", {y}, {{"perm", List{0, 1}}});
  test.output(test.node("Neg", {y}));
  check_equal(test);
  EXPECT_EQ(test.graph().node_count(), 1U);
}

TEST(Rewrites, AZeroThatBroadcastsStays) {
  GraphCase test;
  ValueId x = test.input("x", {3});
  ValueId y = test.node("Add", {x, test.floats({1, 1}, {0})});
  test.output(test.node("Neg", {y}));
  check_equal(test);
  EXPECT_EQ(test.count("Add"), 1);
}

TEST(Rewrites, AnIdentityFromInputToOutputStays) {
  GraphCase test;
  ValueId x = test.input("x", {3});
  test.output(test.node("Identity", {x}));
  check_equal(test);
  EXPECT_EQ(test.count("Identity"), 1);
  EXPECT_EQ(test.graph().value_name(test.graph().outputs()[0]), "y");
}

TEST(Rewrites, TransposesCancelOrCompose) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3, 4});
  ValueId once = test.node("Transpose", {x}, {{"perm", List{1, 2, 0}}});
  ValueId twice = test.node("Transpose", {once}, {{"perm", List{1, 2, 0}}});
  ValueId back = test.node("Transpose", {once}, {{"perm", List{2, 0, 1}}});
  test.output(test.node("Neg", {twice}));
  test.output(test.node("Neg", {back}), "z");
  check_equal(test);
  EXPECT_EQ(test.count("Transpose"), 1);
}

TEST(Rewrites, ReshapesCompose) {
  GraphCase test;
  ValueId x = test.input("x", {"batch", 3, 4});
  ValueId y = test.node("Unsqueeze", {x, test.ints({1})});
  y = test.node("Reshape", {y, test.ints({-1, 12})});
  y = test.node("Unsqueeze", {y, test.ints({0})});
  test.output(test.node("Neg", {test.node("Squeeze", {y, test.ints({0})})}));
  check_equal(test);
  EXPECT_EQ(test.graph().node_count(), 2U);
}

TEST(Rewrites, ACastThatLosesDigitsStays) {
  GraphCase test;
  ValueId x = test.input("x", {4});
  ValueId y = test.node("Cast", {x}, {{"to", int64_t{7}}});
  test.output(test.node("Neg", {test.node("Cast", {y}, {{"to", int64_t{1}}})}));
  check_equal(test);
  EXPECT_EQ(test.count("Cast"), 2);
}

// One element of a shape, as one of a list.
ValueId size_of_shape(GraphCase& test, ValueId shape, int64_t axis) {
  return test.node("Gather", {shape, test.ints({axis})});
}

TEST(Rewrites, ComputedReshapeSizesBecomeConstant) {
  GraphCase test;
  ValueId x = test.input("x", {"batch", 4, "width"});
  ValueId shape = test.node("Shape", {x});
  ValueId batch = test.node("Gather", {shape, test.index(0)});
  ValueId width = test.node("Gather", {shape, test.index(2)});
  ValueId first = test.node("Unsqueeze", {batch, test.ints({0})});
  ValueId last = test.node("Unsqueeze", {width, test.ints({0})});
  ValueId sizes = test.node("Concat", {first, test.ints({2, 2}), last}, {{"axis", int64_t{0}}});
  test.output(test.node("Reshape", {x, sizes}));
  check_equal(test);
  // A Reshape that keeps the rank copies both open sizes, which may be 0.
  EXPECT_EQ(test.count("Shape"), 0);
  EXPECT_EQ(test.count("Unsqueeze"), 1);
  EXPECT_EQ(test.graph().node_count(), 2U);
}

TEST(Rewrites, SizesThatAreFoldedAtRunTimeBecomeConstant) {
  GraphCase test;
  ValueId x = test.input("x", {"batch", 3, 2, "height", "width"});
  ValueId shape = test.node("Shape", {x});
  auto size = [&](int64_t axis) { return size_of_shape(test, shape, axis); };
  ValueId sizes =
      test.node("Concat", {size(0), test.ints({6}), size(3), size(4)}, {{"axis", int64_t{0}}});
  test.output(test.node("Reshape", {x, sizes}));
  check_equal(test);
  EXPECT_EQ(test.count("Shape"), 0);
  EXPECT_EQ(test.count("Squeeze"), 1);
  EXPECT_EQ(test.graph().node_count(), 2U);
}

// With nothing in the batch, Reshape could not tell what -1 stands for.
TEST(Rewrites, ASizeIsNotLeftToTheElementCountWhereAnotherMayBeZero) {
  GraphCase test;
  ValueId x = test.input("x", {"batch", 4, "width"});
  ValueId shape = test.node("Shape", {x});
  ValueId batch = size_of_shape(test, shape, 0);
  ValueId width = size_of_shape(test, shape, 2);
  ValueId twice = test.node("Mul", {width, test.ints({2})});
  ValueId sizes = test.node("Concat", {batch, twice, test.ints({2})}, {{"axis", int64_t{0}}});
  test.output(test.node("Reshape", {x, sizes}));
  check_equal(test);
  EXPECT_EQ(test.count("Shape"), 1);
}

TEST(Rewrites, TwoComputedReshapeSizesStay) {
  GraphCase test;
  ValueId x = test.input("x", {"batch", 4, "width"});
  ValueId shape = test.node("Shape", {x});
  ValueId batch = size_of_shape(test, shape, 0);
  ValueId width = size_of_shape(test, shape, 2);
  ValueId sizes = test.node("Concat", {width, batch, test.ints({4})}, {{"axis", int64_t{0}}});
  test.output(test.node("Reshape", {x, sizes}));
  check_equal(test);
  EXPECT_EQ(test.count("Shape"), 1);
}

TEST(Rewrites, AConstantIfIsInlined) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3});
  auto branch = [&](std::string_view type) {
    auto body = std::make_shared<Graph>();
    body->opset = test.graph().opset;
    ValueId inner = body->capture(x, "x_inner", test.graph().value(x).type);
    ValueId result = GraphBuilder(*body, body->opset, "body")
                         .node(type, {inner}, {}, test.graph().value(x).type);
    body->add_output(result);
    return body;
  };
  ValueId condition = test.graph().add_constant(Tensor::scalar(false), "condition");
  test.output(test.node("If", {condition},
                        {{"then_branch", branch("Neg")}, {"else_branch", branch("Abs")}}));
  test.finish();
  RewriteReport report = test.optimize();
  EXPECT_EQ(report.count("inline_constant_if"), 1) << report.to_text();
  EXPECT_EQ(test.count("If"), 0);
  EXPECT_EQ(test.count("Abs"), 1);
  EXPECT_EQ(test.count("Neg"), 0);
}

}  // namespace
}  // namespace convoy::testing
