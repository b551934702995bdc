// What goes into convolutions and products: normalizations, constants, pads, residuals,
// activations.
#include "tests/ops/rewrites/check_equal.h"

namespace convoy::testing {
namespace {

using List = std::vector<int64_t>;

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

Attributes dilated(List dilations, List pads, List strides) {
  return {{"dilations", std::move(dilations)},
          {"pads", std::move(pads)},
          {"strides", std::move(strides)}};
}

TEST(Rewrites, TapsThatMeetPaddingAloneAreLeftOut) {
  GraphCase test;
  ValueId x = test.input("x", {"batch", 4, 16, 16});
  ValueId w = test.weight({6, 2, 3, 3});
  Attributes attributes = dilated({24, 24}, {24, 24, 24, 24}, {1, 1});
  attributes["group"] = int64_t{2};
  test.output(test.node("Conv", {x, w, test.weight({6})}, attributes));
  EXPECT_EQ(check_equal(test).count("trim_convolution"), 1);
  const Node& conv = test.graph().node(test.graph().topological_order().back());
  EXPECT_EQ(test.graph().constant(conv.inputs[1])->shape(), (Shape{6, 2, 1, 1}));
  EXPECT_EQ(std::get<List>(conv.attributes.at("pads")), (List{0, 0, 0, 0}));
}

TEST(Rewrites, TapsOfSomeAxesAndEndsAreLeftOut) {
  // Taps at the begin, at the end, on one axis of two, with strides and uneven padding.
  struct Case {
    List dilations, pads, strides;
    Shape weight;
    int kept;  // elements of a filter of one channel
  };
  for (const Case& c : {Case{{20, 1}, {20, 1, 20, 1}, {1, 1}, {4, 4, 3, 3}, 3},
                        Case{{9, 1}, {27, 0, 0, 0}, {1, 1}, {4, 4, 4, 1}, 2},
                        Case{{9, 1}, {0, 0, 27, 0}, {1, 1}, {4, 4, 4, 1}, 2},
                        Case{{7, 12}, {14, 24, 14, 24}, {2, 3}, {4, 4, 5, 5}, 9}}) {
    GraphCase test;
    ValueId x = test.input("x", {2, 4, 11, 13});
    test.output(
        test.node("Conv", {x, test.weight(c.weight)}, dilated(c.dilations, c.pads, c.strides)));
    EXPECT_EQ(check_equal(test).count("trim_convolution"), 1);
    const Node& conv = test.graph().node(test.graph().topological_order().back());
    const Shape& kept = test.graph().constant(conv.inputs[1])->shape();
    EXPECT_EQ(kept[2] * kept[3], c.kept);
  }
}

TEST(Rewrites, TapsThatMeetTheInputStay) {
  for (int near = 0; near < 4; ++near) {
    GraphCase test;
    Dim height = 16;
    if (near == 1) height = "h";
    ValueId x = test.input("x", {2, 4, height, 16});
    ValueId w = near == 2 ? test.input("w", {4, 4, 3, 3}) : test.weight({4, 4, 3, 3});
    int64_t dilation = near == 3 ? 15 : 24;
    // Without padding of its own the window would begin inside of the input.
    int64_t pad = near == 0 ? 20 : dilation + 20 * (near == 1);
    test.output(
        test.node("Conv", {x, w}, dilated({dilation, dilation}, {pad, pad, pad, pad}, {1, 1})));
    EXPECT_EQ(check_equal(test).count("trim_convolution"), 0) << near;
  }
}

}  // namespace
}  // namespace convoy::testing
