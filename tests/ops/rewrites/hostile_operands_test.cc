// Operands and attributes that do not fit: rules refuse them, and what a runtime says of the model
// is left to it.
#include "tests/ops/rewrites/check_equal.h"

namespace convoy::testing {
namespace {

using List = std::vector<int64_t>;

// How often the rewrite is made.
int64_t fired(GraphCase& test, const std::string& rewrite, bool lowers = false) {
  test.finish();
  RewriteOptions options;
  options.only = {rewrite};
  options.lowering = lowers;
  return test.optimize(options).count(rewrite);
}

ValueId normalized(GraphCase& test, ValueId x, ValueId variance, float epsilon) {
  return test.node("BatchNormalization",
                   {x, test.positive({3}), test.weight({3}), test.weight({3}), variance},
                   {{"epsilon", epsilon}});
}

ValueId conv(GraphCase& test, const Shape& bias) {
  ValueId x = test.input("x", {2, 4, 9});
  return test.node("Conv", {x, test.weight({3, 4, 3}), test.weight(bias)});
}

TEST(HostileOperands, ABiasOfAnotherLengthIsNotFolded) {
  for (const Shape& bias : {Shape{5}, Shape{1}, Shape{3, 1}}) {
    GraphCase normal;
    normal.output(normalized(normal, conv(normal, bias), normal.positive({3}), 1e-3F));
    EXPECT_EQ(fired(normal, "fold_batch_normalization"), 0);
    GraphCase product;
    product.output(product.node("Mul", {conv(product, bias), product.weight({3, 1})}));
    EXPECT_EQ(fired(product, "fold_channel_factor"), 0);
    GraphCase sum;
    sum.output(sum.node("Add", {conv(sum, bias), sum.weight({3, 1})}));
    EXPECT_EQ(fired(sum, "fold_channel_offset"), 0);
    GraphCase two;
    ValueId w = two.weight({3, 4, 3});
    ValueId x = two.input("x", {2, 4, 9});
    ValueId y = two.input("y", {2, 4, 9});
    two.output(two.node("Add", {two.node("Conv", {x, w, two.weight({3})}),
                                two.node("Conv", {y, w, two.weight(bias)})}));
    EXPECT_EQ(fired(two, "merge_convolution_sum"), 0);
  }
}

TEST(HostileOperands, NoWeightsHaveNoChannels) {
  GraphCase test;
  ValueId x = test.input("x", {2, 4, 9});
  ValueId y = test.build().node("ConvTranspose", {x, test.weight({0, 2, 3})},
                                {{"group", std::numeric_limits<int64_t>::max()}},
                                ValueType::tensor(DType::kFloat32, Shape{2, 3, 11}));
  test.output(test.node("Mul", {y, test.weight({1})}));
  EXPECT_EQ(fired(test, "fold_channel_factor"), 0);
}

TEST(HostileOperands, WeightsStayFinite) {
  for (const char* type : {"Mul", "Div"}) {
    GraphCase test;
    float constant = std::string_view(type) == "Mul" ? 3e38F : 1e-39F;
    ValueId x = test.node("Mul", {test.input("x", {2, 4, 9}), test.floats({}, {1e-20F})});
    ValueId w = test.floats({1, 4, 1}, {10, 20, 30, 40});
    test.output(test.node(type, {test.node("Conv", {x, w}), test.floats({}, {constant})}));
    EXPECT_EQ(check_equal(test).count("fold_channel_factor"), 0);
  }
  GraphCase test;
  ValueId y = test.node("Conv", {test.input("x", {2, 4, 9}), test.weight({3, 4, 3})});
  test.output(normalized(test, y, test.floats({3}, {1, 0, 1}), 0));
  EXPECT_EQ(fired(test, "fold_batch_normalization"), 0);
}

TEST(HostileOperands, OrdersThatAreNoneStay) {
  for (const List& inner : {List{2, 1, 7}, List{0, 0, 1}, List{0, 1}, List{0, -1, 1}}) {
    for (bool first : {false, true}) {
      GraphCase pair;
      ValueType type = ValueType::tensor(DType::kFloat32, std::vector<Dimension>(3));
      ValueId x = pair.input("x", {2, 3, 4});
      Attributes good{{"perm", List{2, 1, 0}}}, bad{{"perm", inner}};
      ValueId y = pair.build().node("Transpose", {x}, first ? bad : good, type);
      pair.output(pair.build().node("Transpose", {y}, first ? good : bad, type));
      EXPECT_EQ(fired(pair, "compose_transposes"), 0);
      GraphCase around;
      x = around.input("x", {2, 3, 4});
      y = around.build().node("Transpose", {x}, first ? bad : good, type);
      y = around.build().node("Relu", {y}, {}, type);
      around.output(around.build().node("Transpose", {y}, first ? good : bad, type));
      EXPECT_EQ(fired(around, "push_transposes"), 0);
    }
  }
}

TEST(HostileOperands, AnAxisThatIsSqueezedTwice) {
  GraphCase test;
  ValueId x = test.input("x", {3, 1});
  ValueType type = ValueType::tensor(DType::kFloat32, Shape{3});
  ValueId y = test.build().node("Squeeze", {x, test.ints({1, 1})}, {}, type);
  y = test.build().node("Squeeze", {y, test.ints({0})}, {}, type);
  test.output(y);
  EXPECT_EQ(fired(test, "compose_squeezes"), 0);
}

// 2³² · 2³² is more than can be counted, and no 0.
TEST(HostileOperands, SizesWhoseProductIsTooLarge) {
  GraphCase test;
  ValueId x = test.input("x", {"m", Dim(int64_t{0}), "n"});
  ValueId shape = test.node("Shape", {x});
  ValueId first = test.node("Gather", {shape, test.ints({0})});
  ValueId last = test.node("Gather", {shape, test.ints({2})});
  ValueId large = test.ints({int64_t{1} << 32, int64_t{1} << 32});
  ValueId sizes = test.node("Concat", {first, large, last}, {{"axis", int64_t{0}}});
  test.output(test.node("Reshape", {x, sizes}));
  EXPECT_EQ(fired(test, "simplify_reshape"), 0);
}

TEST(HostileOperands, ABranchWithFewerValuesStays) {
  GraphCase test;
  ValueId x = test.input("x", {2});
  ValueType type = ValueType::tensor(DType::kFloat32, Shape{2});
  auto body = std::make_shared<Graph>();
  body->opset = test.graph().opset;
  GraphBuilder inside(*body, body->opset);
  ValueId zeros = inside.constant(Tensor::zeros(DType::kFloat32, {2}));
  body->add_output(inside.node("Neg", {zeros}, {}, type));
  ValueId condition = test.graph().add_constant(Tensor::scalar(true));
  auto both = test.build().nodes("If", {condition}, {{"then_branch", body}, {"else_branch", body}},
                                 {type, type});
  test.output(test.node("Add", {both[0], test.node("Mul", {both[1], x})}));
  RewriteOptions options;
  options.only = {"inline_constant_if"};
  EXPECT_EQ(test.optimize(options).count("inline_constant_if"), 0);
}

// The Reshapes are declared with more axes than they are given sizes.
TEST(HostileOperands, AStackThatIsFoldedByTooFewSizes) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3, 4, 9});
  GraphBuilder& b = test.build();
  auto floats = [](const Shape& shape) { return ValueType::tensor(DType::kFloat32, shape); };
  ValueId y = b.transpose(x, {0, 2, 1, 3});
  y = b.node("Reshape", {y, test.ints({0})}, {}, floats({2, 1, 12, 9}));
  y = b.squeeze(y, {1});
  y = b.node("Conv", {y, test.weight({20, 3, 3})}, {{"group", int64_t{4}}}, floats({2, 20, 7}));
  test.output(y);
  RewriteOptions options = lowering();
  options.only = {"raise_stacked_conv_input"};
  EXPECT_EQ(test.optimize(options).count("raise_stacked_conv_input"), 0);
}

// --- names that only look alike ---

TEST(HostileOperands, ListsOfOtherTextsAreOtherNodes) {
  using Texts = std::vector<std::string>;
  for (const auto& [first, second] :
       {std::pair(Texts{"a", "b"}, Texts{R"(a","b)"}), std::pair(Texts{}, Texts{""}),
        std::pair(Texts{"a\\", "b"}, Texts{R"(a\","b)"})}) {
    EXPECT_NE(to_string(AttributeValue(first)), to_string(AttributeValue(second)));
    GraphCase test;
    ValueId x = test.input("x", {3}, DType::kString);
    test.output(test.node("StringNormalizer", {x}, {{"stopwords", first}}));
    test.output(test.node("StringNormalizer", {x}, {{"stopwords", second}}), "z");
    EXPECT_EQ(fired(test, "merge_equal_nodes"), 0);
  }
}

}  // namespace
}  // namespace convoy::testing
