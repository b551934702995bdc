// Every rewrite: it matches; near misses and values used elsewhere do not; the numbers stay equal.
#include "tests/rewrite/graph_case.h"

namespace convoy::testing {
namespace {

using List = std::vector<int64_t>;

// Feeds every input with random numbers and compares before and after. Dimensions that are not
// known become 2.
RewriteReport check_equal(GraphCase& test, const RewriteOptions& options = {}, double r = 1e-5) {
  test.finish();
  Feeds feeds;
  for (ValueId input : test.graph().inputs()) {
    const ValueInfo& info = test.graph().value(input);
    Shape shape;
    for (const Dimension& dim : *info.type.shape) shape.push_back(dim.known() ? dim.size : 2);
    feeds[info.name] = random_floats(shape, 11);
  }
  std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
  RewriteReport report = test.optimize(options);
  expect_close(evaluate_graph(test.graph(), feeds), before, r);
  return report;
}

RewriteOptions lowering() {
  RewriteOptions options;
  options.lowering = true;
  return options;
}

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

ValueId normalized(GraphCase& test, ValueId x, int64_t channels) {
  return test.node("BatchNormalization",
                   {x, test.positive({channels}), test.weight({channels}), test.weight({channels}),
                    test.positive({channels})},
                   {{"epsilon", 1e-3F}});
}

TEST(Rewrites, BatchNormalizationGoesIntoConv) {
  GraphCase test;
  ValueId x = test.input("x", {2, 4, 9});
  ValueId y =
      test.node("Conv", {x, test.weight({6, 2, 3}), test.weight({6})}, {{"group", int64_t{2}}});
  test.output(normalized(test, y, 6));
  RewriteReport report = check_equal(test);
  EXPECT_EQ(report.count("fold_batch_normalization"), 1);
  EXPECT_EQ(test.graph().node_count(), 1U);
}

TEST(Rewrites, BatchNormalizationGoesIntoConvTransposeAndGemm) {
  GraphCase test;
  ValueId x = test.input("x", {2, 4, 9});
  ValueId y = test.node("ConvTranspose", {x, test.weight({4, 3, 3})}, {{"group", int64_t{2}}});
  test.output(normalized(test, y, 6));
  ValueId a = test.input("a", {5, 4});
  ValueId gemm = test.node("Gemm", {a, test.weight({6, 4}), test.weight({1, 6})},
                           {{"transB", int64_t{1}}, {"beta", 0.5F}, {"alpha", 2.0F}});
  test.output(normalized(test, gemm, 6), "z");
  RewriteReport report = check_equal(test);
  EXPECT_EQ(report.count("fold_batch_normalization"), 2);
  EXPECT_EQ(test.graph().node_count(), 2U);
}

TEST(Rewrites, BatchNormalizationOfASharedConvStays) {
  GraphCase test;
  ValueId x = test.input("x", {2, 4, 9});
  ValueId y = test.node("Conv", {x, test.weight({6, 4, 3})});
  test.output(normalized(test, y, 6));
  test.output(test.node("Neg", {y}), "z");
  RewriteReport report = check_equal(test);
  EXPECT_EQ(report.count("fold_batch_normalization"), 0);
  ASSERT_FALSE(report.nearly.empty());
}

TEST(Rewrites, BatchNormalizationOfAGraphOutputStays) {
  GraphCase test;
  ValueId x = test.input("x", {2, 4, 9});
  ValueId y = test.node("Conv", {x, test.weight({6, 4, 3})});
  test.output(normalized(test, y, 6));
  test.output(y, "z");
  EXPECT_EQ(check_equal(test).count("fold_batch_normalization"), 0);
}

TEST(Rewrites, ChannelConstantsGoIntoConvTranspose) {
  GraphCase test;
  ValueId x = test.input("x", {2, 4, 9});
  ValueId y = test.node("ConvTranspose", {x, test.weight({4, 3, 3})}, {{"group", int64_t{2}}});
  y = test.node("Add", {y, test.weight({6, 1})});
  y = test.node("Mul", {test.weight({1, 6, 1}), y});
  test.output(test.node("Sub", {y, test.weight({1})}));
  RewriteReport report = check_equal(test);
  EXPECT_EQ(report.count("fold_channel_offset"), 2);
  EXPECT_EQ(report.count("fold_channel_factor"), 1);
  EXPECT_EQ(test.graph().node_count(), 1U);
}

TEST(Rewrites, ChannelConstantsGoIntoConv) {
  GraphCase test;
  ValueId x = test.input("x", {2, 4, 9});
  ValueId y = test.node("Conv", {x, test.weight({6, 4, 3})});
  y = test.node("Mul", {test.weight({1, 6, 1}), y});
  y = test.node("Sub", {y, test.weight({6, 1})});
  test.output(test.node("Div", {y, test.floats({}, {3})}));
  check_equal(test);
  EXPECT_EQ(test.graph().node_count(), 1U);
}

TEST(Rewrites, AConstantAlongTheWidthStays) {
  GraphCase test;
  ValueId x = test.input("x", {2, 4, 8});
  ValueId y = test.node("Conv", {x, test.weight({6, 4, 3})});
  test.output(test.node("Add", {y, test.weight({6})}));
  check_equal(test);
  EXPECT_EQ(test.count("Add"), 1);
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
  EXPECT_EQ(test.graph().node_count(), 1U);
}

TEST(Rewrites, TwoComputedReshapeSizesStay) {
  GraphCase test;
  ValueId x = test.input("x", {"batch", 4, "width"});
  ValueId shape = test.node("Shape", {x});
  ValueId batch = test.node("Gather", {shape, test.ints({0})});
  ValueId width = test.node("Gather", {shape, test.ints({2})});
  ValueId sizes = test.node("Concat", {width, batch, test.ints({4})}, {{"axis", int64_t{0}}});
  test.output(test.node("Reshape", {x, sizes}));
  check_equal(test);
  EXPECT_EQ(test.count("Shape"), 1);
}

TEST(Rewrites, ConvolutionsOfOneWeightAreSummedBefore) {
  GraphCase test;
  ValueId w = test.weight({6, 4, 3});
  ValueId b = test.weight({6});
  ValueId sum = ValueId::kNone;
  for (const char* name : {"x", "y", "z"}) {
    ValueId conv = test.node("Conv", {test.input(name, {2, 4, 9}), w, b});
    sum = sum == ValueId::kNone ? conv : test.node("Add", {sum, conv});
  }
  test.output(sum, "out");
  check_equal(test);
  EXPECT_EQ(test.count("Conv"), 1);
}

TEST(Rewrites, ConvolutionsWithANonlinearityBetweenStay) {
  GraphCase test;
  ValueId w = test.weight({6, 4, 3});
  ValueId a = test.node("Relu", {test.node("Conv", {test.input("x", {2, 4, 9}), w})});
  ValueId c = test.node("Conv", {test.input("y", {2, 4, 9}), w});
  test.output(test.node("Add", {a, c}), "out");
  check_equal(test);
  EXPECT_EQ(test.count("Conv"), 2);
}

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

TEST(Rewrites, ReshapesThatMixOtherAxesAreNotRaised) {
  GraphCase test;
  ValueId x = test.input("x", {2, 4, 3, 8});
  ValueId y = test.node("Transpose", {x}, {{"perm", List{0, 2, 1, 3}}});
  y = test.node("Reshape", {y, test.ints({2, 6, 16})});
  test.output(test.node("Conv", {y, test.weight({6, 2, 3})}, {{"group", int64_t{3}}}));
  check_equal(test, lowering());
  EXPECT_EQ(test.count("StackedConv"), 0);
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

TEST(Rewrites, PadsGoIntoConv) {
  GraphCase test;
  ValueId x = test.input("x", {2, 4, 9});
  ValueId padded = test.node("Pad", {x, test.ints({0, 0, 2, 0, 0, 1})});
  test.output(test.node("Conv", {padded, test.weight({6, 4, 3})}, {{"pads", List{1, 0}}}));
  ValueId pooled = test.node("Pad", {x, test.ints({0, 0, 1, 0, 0, 1})});
  test.output(test.node("AveragePool", {pooled}, {{"kernel_shape", List{3}}}), "z");
  check_equal(test);
  EXPECT_EQ(test.count("Pad"), 0);
}

TEST(Rewrites, PadsGoIntoConvWhoseOwnDoNotCount) {
  GraphCase test;
  ValueId x = test.input("x", {2, 4, 9});
  ValueId padded = test.node("Pad", {x, test.ints({0, 0, 2, 0, 0, 1})});
  Attributes valid{{"auto_pad", std::string("VALID")}, {"pads", List{1, 3}}};
  ValueId y = test.node("Conv", {padded, test.weight({6, 4, 3})}, valid);
  test.output(y);
  check_equal(test);
  EXPECT_EQ(test.count("Pad"), 0);
  EXPECT_EQ(test.graph().value(test.graph().outputs()[0]).type.static_shape(), (Shape{2, 6, 10}));
}

TEST(Rewrites, PadsOfChannelsOrWithOtherValuesStay) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3, 9});
  ValueId channels = test.node("Pad", {x, test.ints({0, 1, 0, 0, 0, 0})});
  test.output(test.node("Conv", {channels, test.weight({6, 4, 3})}));
  ValueId ones = test.node("Pad", {x, test.ints({0, 0, 1, 0, 0, 1}), test.floats({}, {1})});
  test.output(test.node("Conv", {ones, test.weight({6, 3, 3})}), "z");
  check_equal(test);
  EXPECT_EQ(test.count("Pad"), 2);
}

// --- compositions ---

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

// --- lowering ---

TEST(Rewrites, ConvTakesResidualAndActivation) {
  GraphCase test;
  ValueId x = test.input("x", {2, 6, 9});
  ValueId y =
      test.node("Conv", {x, test.weight({6, 6, 3}), test.weight({6})}, {{"pads", List{1, 1}}});
  test.output(test.node("Relu", {test.node("Add", {x, y})}));
  RewriteReport report = check_equal(test, lowering());
  EXPECT_EQ(test.count("FusedConv"), 1) << report.to_text();
  EXPECT_EQ(test.graph().node_count(), 1U);
}

TEST(Rewrites, AResidualThatBroadcastsStays) {
  GraphCase test;
  ValueId x = test.input("x", {2, 6, 9});
  ValueId r = test.input("r", {2, 6, 1});
  ValueId y = test.node("Conv", {x, test.weight({6, 6, 3})});
  test.output(test.node("Add", {y, r}));
  check_equal(test, lowering());
  EXPECT_EQ(test.count("Add"), 1);
}

TEST(Rewrites, SiluOfConv) {
  GraphCase test;
  ValueId x = test.input("x", {2, 6, 9});
  ValueId y = test.node("Conv", {x, test.weight({6, 6, 3})});
  test.output(test.node("Mul", {y, test.node("Sigmoid", {y})}));
  check_equal(test, lowering());
  EXPECT_EQ(test.graph().node_count(), 1U);
}

TEST(Rewrites, MatMulTakesBiasResidualAndActivation) {
  GraphCase test;
  ValueId x = test.input("x", {2, 5, 8});
  ValueId y = test.node("MatMul", {x, test.weight({8, 8})});
  y = test.node("Add", {y, test.weight({8})});
  y = test.node("Add", {x, y});
  test.output(test.node("Tanh", {y}));
  check_equal(test, lowering());
  EXPECT_EQ(test.graph().node_count(), 1U);
}

TEST(Rewrites, GemmTakesAnActivation) {
  GraphCase test;
  ValueId x = test.input("x", {5, 8});
  ValueId y = test.node("Gemm", {x, test.weight({3, 8}), test.weight({3})},
                        {{"transB", int64_t{1}}, {"alpha", 0.5F}, {"beta", 2.0F}});
  test.output(test.node("LeakyRelu", {y}, {{"alpha", 0.1F}}));
  check_equal(test, lowering());
  EXPECT_EQ(test.count("FusedMatMul"), 1);
}

TEST(Rewrites, NothingIsLoweredInThePortableSet) {
  GraphCase test;
  ValueId x = test.input("x", {2, 6, 9});
  test.output(test.node("Relu", {test.node("Conv", {x, test.weight({6, 6, 3})})}));
  check_equal(test);
  EXPECT_EQ(test.count("Conv"), 1);
}

// --- the driver ---

TEST(Rewrites, StopsAfterAGivenNumber) {
  GraphCase test;
  ValueId y = test.input("x", {2, 3});
  for (int i = 0; i < 5; ++i) y = test.node("Neg", {test.node("Identity", {y})});
  test.output(y);
  RewriteOptions options;
  options.stop_after = 2;
  RewriteReport report = check_equal(test, options);
  EXPECT_EQ(report.fired.size(), 2U);
  EXPECT_TRUE(report.stopped);
  EXPECT_EQ(test.count("Identity"), 3);
}

TEST(Rewrites, SkipAndOnlyNameRewrites) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3});
  test.output(test.node("Neg", {test.node("Identity", {x})}));
  test.finish();
  RewriteOptions options;
  options.skip = {"remove_identity"};
  EXPECT_TRUE(test.optimize(options).fired.empty());
  options.skip = {"no_such_rewrite"};
  EXPECT_THROW(test.optimize(options), Error);
}

TEST(Rewrites, LongChainsAreLinear) {
  GraphCase test;
  ValueId y = test.input("x", {2, 3});
  for (int i = 0; i < 20000; ++i) y = test.node("Transpose", {y}, {{"perm", List{1, 0}}});
  test.output(test.node("Neg", {y}));
  RewriteReport report = test.optimize();
  EXPECT_EQ(test.graph().node_count(), 1U);
  EXPECT_LT(report.seconds, 20);
}

TEST(Rewrites, ManyReadersOfOneValueAreLinear) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3});
  std::vector<ValueId> parts;
  for (int i = 0; i < 10000; ++i) {
    ValueId same = test.node("Identity", {x});
    parts.push_back(test.node("Add", {same, test.floats({}, {static_cast<float>(i)})}));
  }
  test.output(test.node("Sum", parts));
  RewriteReport report = test.optimize();
  EXPECT_EQ(test.count("Identity"), 0);
  EXPECT_LT(report.seconds, 20);
}

}  // namespace
}  // namespace convoy::testing
