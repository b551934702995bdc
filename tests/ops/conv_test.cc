#include "tests/ops/op_case.h"

namespace convoy {
namespace {

struct ConvCase {
  std::string name;
  Shape x;
  Shape w;
  bool bias = true;
  Attributes attributes = {};
};

using Ints = std::vector<int64_t>;

std::vector<ConvCase> conv_cases() {
  return {
      {"dense_2d", {2, 16, 9, 11}, {24, 16, 3, 3}, true, {{"pads", Ints{1, 1, 1, 1}}}},
      {"no_bias", {1, 16, 8, 8}, {16, 16, 3, 3}, false},
      {"first_layer",
       {1, 3, 17, 19},
       {16, 3, 5, 5},
       true,
       {{"strides", Ints{2, 2}}, {"pads", Ints{2, 2, 2, 2}}}},
      {"one_channel", {2, 1, 12, 13}, {8, 1, 3, 3}},
      {"odd_channels", {1, 13, 7, 9}, {21, 13, 3, 3}, true, {{"pads", Ints{0, 1, 2, 1}}}},
      {"few_outputs", {1, 16, 7, 9}, {3, 16, 1, 1}},
      {"pointwise", {3, 32, 6, 5}, {40, 32, 1, 1}},
      {"dilated",
       {1, 16, 14, 15},
       {16, 16, 3, 3},
       true,
       {{"dilations", Ints{2, 3}}, {"pads", Ints{2, 3, 2, 3}}}},
      {"same_upper_dilated",
       {1, 8, 13, 14},
       {8, 8, 3, 2},
       true,
       {{"dilations", Ints{2, 2}},
        {"strides", Ints{2, 3}},
        {"auto_pad", std::string("SAME_UPPER")}}},
      {"same_lower",
       {1, 4, 13, 14},
       {5, 4, 4, 4},
       true,
       {{"strides", Ints{2, 3}}, {"auto_pad", std::string("SAME_LOWER")}}},
      {"valid", {1, 4, 6, 6}, {5, 4, 3, 3}, true, {{"auto_pad", std::string("VALID")}}},
      {"depthwise_2d",
       {2, 16, 9, 10},
       {16, 1, 3, 3},
       true,
       {{"group", int64_t{16}}, {"pads", Ints{1, 1, 1, 1}}, {"strides", Ints{1, 2}}}},
      {"depthwise_multiplier", {1, 6, 9, 10}, {12, 1, 3, 3}, true, {{"group", int64_t{6}}}},
      {"depthwise_1d", {2, 9, 33}, {9, 1, 7}, true, {{"group", int64_t{9}}, {"pads", Ints{3, 3}}}},
      {"grouped", {2, 15, 4, 30}, {20, 3, 1, 3}, true, {{"group", int64_t{5}}}},
      {"grouped_blocks", {1, 32, 6, 7}, {32, 16, 3, 3}, true, {{"group", int64_t{2}}}},
      {"dense_1d", {2, 24, 40}, {32, 24, 5}, true, {{"dilations", Ints{4}}, {"pads", Ints{8, 8}}}},
      {"far_padding_1d",
       {2, 64, 90},
       {48, 64, 3},
       true,
       {{"dilations", Ints{16}}, {"pads", Ints{32, 7}}}},
      {"far_padding_2d",
       {1, 40, 9, 30},
       {32, 40, 3, 3},
       true,
       {{"dilations", Ints{2, 9}}, {"pads", Ints{2, 18, 3, 18}}}},
      {"last_axis_of_one", {2, 20, 70, 1}, {24, 20, 5, 1}, true, {{"pads", Ints{1, 0, 2, 0}}}},
      {"last_axes_of_one", {1, 9, 40, 1, 1}, {11, 9, 3, 1, 1}},
      {"middle_axis_of_one", {1, 9, 5, 1, 30}, {11, 9, 3, 1, 3}},
      {"dense_3d", {1, 8, 5, 6, 7}, {16, 8, 3, 3, 3}, true, {{"pads", Ints{1, 1, 1, 1, 1, 1}}}},
      {"dense_4d", {1, 2, 4, 3, 5, 4}, {3, 2, 2, 2, 2, 2}},
      {"kernel_in_padding", {1, 2, 2, 2}, {2, 2, 3, 3}, true, {{"pads", Ints{4, 4, 4, 4}}}},
      {"empty_batch", {0, 8, 6, 6}, {8, 8, 3, 3}},
  };
}

void PrintTo(const ConvCase& c, std::ostream* out) { *out << c.name; }

OpCase to_op_case(const ConvCase& conv) {
  OpCase c;
  c.name = conv.name;
  c.op = "Conv";
  c.inputs = {pattern(conv.x), pattern(conv.w, -1, 1, 2)};
  if (conv.bias) c.inputs.push_back(pattern({conv.w[0]}, -1, 1, 3));
  c.attributes = conv.attributes;
  c.expected = {Tensor::zeros(DType::kFloat32, {1})};  // only tells that Y is wanted
  c.constants = {1};
  c.within = 2e-6;
  return c;
}

class ConvKernels : public testing::TestWithParam<ConvCase> {};

TEST_P(ConvKernels, AgreeWithTheReference) { compare_kernels(to_op_case(GetParam())); }
TEST_P(ConvKernels, TakeWeightsThatChange) {
  OpCase c = to_op_case(GetParam());
  c.constants = {};
  compare_kernels(c);
}
INSTANTIATE_TEST_SUITE_P(Cases, ConvKernels, testing::ValuesIn(conv_cases()),
                         [](const auto& tested) { return tested.param.name; });

class FusedConv : public testing::TestWithParam<ConvCase> {};

TEST_P(FusedConv, AgreesWithTheReference) {
  OpCase plain = to_op_case(GetParam());
  std::vector<Tensor> y = evaluate_case(plain, plain.inputs, "reference");
  for (const char* activation :
       {"", "Relu", "LeakyRelu", "Clip", "Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "Silu"}) {
    for (bool residual : {false, true}) {
      OpCase c = plain;
      c.op = "FusedConv";
      c.is_private = true;
      c.inputs.resize(3);
      if (residual) c.inputs.push_back(pattern(y[0].shape(), -1, 1, 4));
      c.attributes["activation"] = std::string(activation);
      c.attributes["activation_alpha"] = 0.2f;
      c.attributes["activation_beta"] = 0.6f;
      c.within = 2e-5;
      SCOPED_TRACE(activation);
      compare_kernels(c);
    }
  }
}
std::vector<ConvCase> fused_cases() {
  std::vector<ConvCase> cases;
  for (const ConvCase& c : conv_cases()) {
    for (const char* name : {"dense_2d", "first_layer", "odd_channels", "grouped", "depthwise_2d",
                             "dense_1d", "dense_4d", "no_bias"}) {
      if (c.name == name) cases.push_back(c);
    }
  }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Cases, FusedConv, testing::ValuesIn(fused_cases()),
                         [](const auto& tested) { return tested.param.name; });

// [1, 1, 3] with kernel [2, 1], pads 1 and 0, bias 10: computed by hand.
CONVOY_OP_CASES(Conv, (std::vector<OpCase>{
                          {"by_hand",
                           "Conv",
                           {tensor<float>({1, 1, 3}, {1, 2, 3}), tensor<float>({1, 1, 2}, {2, 1}),
                            tensor<float>({1}, {10})},
                           {tensor<float>({1, 1, 3}, {11, 14, 17})},
                           {{"pads", Ints{1, 0}}}},
                          {"half",
                           "Conv",
                           {Tensor::from<Float16>({1, 1, 3}, std::vector<Float16>{1, 2, 3}),
                            Tensor::from<Float16>({1, 1, 2}, std::vector<Float16>{2, 1})},
                           {Tensor::from<Float16>({1, 1, 2}, std::vector<Float16>{4, 7})},
                           {},
                           22},
                          {"double_strided",
                           "Conv",
                           {tensor<double>({1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}),
                            tensor<double>({2, 1, 2}, {1, 1, 1, -1})},
                           {tensor<double>({1, 2, 2}, {3, 7, -1, -1})},
                           {{"strides", Ints{2}}, {"group", int64_t{2}}}},
                      }));

TEST(Conv, RefusesShapesThatDoNotFit) {
  OpCase c{"channels", "Conv", {pattern({1, 3, 8, 8}), pattern({4, 2, 3, 3})}, {pattern({1})}};
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
}

}  // namespace
}  // namespace convoy
