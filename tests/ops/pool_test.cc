#include "tests/ops/op_case.h"

namespace convoy {
namespace {

using Ints = std::vector<int64_t>;

const Tensor kWanted = Tensor::zeros(DType::kFloat32, {1});  // only tells that Y is wanted

OpCase pool(std::string name, std::string op, const Shape& x, Attributes attributes) {
  OpCase c;
  c.name = std::move(name);
  c.op = std::move(op);
  c.inputs = {pattern(x)};
  c.expected = {kWanted};
  c.attributes = std::move(attributes);
  c.within = 1e-6;
  c.version = 22;
  return c;
}

std::vector<OpCase> pools() {
  std::vector<OpCase> cases;
  for (const char* op : {"MaxPool", "AveragePool"}) {
    auto add = [&](const char* name, const Shape& x, Attributes attributes) {
      cases.push_back(pool(fmt::format("{}_{}", op, name), op, x, std::move(attributes)));
    };
    add("1d", {2, 3, 300}, {{"kernel_shape", Ints{5}}});
    add("2d", {2, 5, 9, 11}, {{"kernel_shape", Ints{3, 3}}, {"pads", Ints{1, 1, 1, 1}}});
    add("strided", {1, 4, 12, 13}, {{"kernel_shape", Ints{3, 2}}, {"strides", Ints{2, 2}}});
    add("stride3", {1, 4, 12, 13}, {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{3, 3}}});
    add("stride3_1d", {2, 3, 451}, {{"kernel_shape", Ints{5}}, {"strides", Ints{3}}});
    add("stride5_narrow", {1, 2, 9, 4},
        {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{5, 5}}, {"pads", Ints{1, 1, 1, 1}}});
    add("in_padding", {1, 2, 3, 3},
        {{"kernel_shape", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}, {"strides", Ints{1, 2}}});
    add("strided_wide", {2, 2, 6, 90},
        {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}});
    add("strided_3d", {2, 2, 6, 7, 24},
        {{"kernel_shape", Ints{2, 2, 2}}, {"strides", Ints{1, 2, 2}}});
    add("ceil", {1, 2, 8, 9},
        {{"kernel_shape", Ints{3, 3}},
         {"strides", Ints{2, 2}},
         {"ceil_mode", int64_t{1}},
         {"pads", Ints{0, 1, 0, 0}}});
    add("dilated", {1, 2, 9, 9}, {{"kernel_shape", Ints{2, 3}}, {"dilations", Ints{2, 3}}});
    add("same", {1, 2, 9, 10},
        {{"kernel_shape", Ints{3, 4}},
         {"strides", Ints{2, 2}},
         {"auto_pad", std::string("SAME_LOWER")}});
    add("3d", {1, 2, 5, 6, 7}, {{"kernel_shape", Ints{2, 2, 3}}});
    add("whole", {2, 3, 40, 5}, {{"kernel_shape", Ints{40, 5}}});
  }
  cases.push_back(pool("include_pad", "AveragePool", {1, 2, 7, 8},
                       {{"kernel_shape", Ints{3, 3}},
                        {"pads", Ints{1, 2, 1, 0}},
                        {"count_include_pad", int64_t{1}}}));
  for (const char* op : {"GlobalMaxPool", "GlobalAveragePool"}) {
    cases.push_back(pool(op, op, {3, 10, 13, 17}, {}));
    cases.push_back(pool(fmt::format("{}_1d", op), op, {1, 2, 5}, {}));
  }
  return cases;
}

class PoolKernels : public testing::TestWithParam<OpCase> {};

TEST_P(PoolKernels, AgreeWithTheReference) { compare_kernels(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Cases, PoolKernels, testing::ValuesIn(pools()),
                         [](const auto& tested) { return tested.param.name; });

const float kNaN = std::numeric_limits<float>::quiet_NaN();

CONVOY_OP_CASES(
    Pool,
    (std::vector<OpCase>{
        {"max_with_nan",
         "MaxPool",
         {tensor<float>({1, 1, 4}, {1, kNaN, 3, 2})},
         {tensor<float>({1, 1, 3}, {kNaN, kNaN, 3})},
         {{"kernel_shape", Ints{2}}}},
        {"indices_row_major",
         "MaxPool",
         {tensor<float>({1, 1, 2, 3}, {1, 5, 2, 3, 4, 6})},
         {tensor<float>({1, 1, 1, 2}, {5, 6}), tensor<int64_t>({1, 1, 1, 2}, {1, 5})},
         {{"kernel_shape", Ints{2, 2}}}},
        {"indices_column_major",
         "MaxPool",
         {tensor<float>({1, 1, 2, 3}, {1, 5, 2, 3, 4, 6})},
         {tensor<float>({1, 1, 1, 2}, {5, 6}), tensor<int64_t>({1, 1, 1, 2}, {2, 5})},
         {{"kernel_shape", Ints{2, 2}}, {"storage_order", int64_t{1}}}},
        {"max_int8",
         "MaxPool",
         {tensor<int8_t>({1, 1, 3}, {-128, -3, -7})},
         {tensor<int8_t>({1, 1, 2}, {-3, -3})},
         {{"kernel_shape", Ints{2}}}},
        {"average_of_padding",
         "AveragePool",
         {tensor<float>({1, 1, 2}, {4, 8})},
         {tensor<float>({1, 1, 3}, {2, 6, 4})},
         {{"kernel_shape", Ints{2}}, {"pads", Ints{1, 1}}, {"count_include_pad", int64_t{1}}}},
        {"lp",
         "LpPool",
         {tensor<float>({1, 1, 2, 1}, {-3, 4})},
         {tensor<float>({1, 1, 1, 1}, {5})},
         {{"kernel_shape", Ints{2, 1}}},
         21,
         1e-6},
        {"unpool",
         "MaxUnpool",
         {tensor<float>({1, 1, 2}, {5, 6}), tensor<int64_t>({1, 1, 2}, {1, 2})},
         {tensor<float>({1, 1, 4}, {0, 5, 6, 0})},
         {{"kernel_shape", Ints{2}}, {"strides", Ints{2}}}},
    }));

TEST(MaxUnpool, RefusesIndicesOutside) {
  OpCase c{"outside",
           "MaxUnpool",
           {tensor<float>({1, 1, 1}, {5}), tensor<int64_t>({1, 1, 1}, {2})},
           {kWanted},
           {{"kernel_shape", Ints{2}}, {"strides", Ints{2}}}};
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
  c.inputs[1] = tensor<int64_t>({1, 1, 1}, {-1});
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
}

std::vector<OpCase> transposes() {
  std::vector<OpCase> cases;
  auto add = [&](const char* name, const Shape& x, const Shape& w, Attributes attributes) {
    OpCase c = pool(name, "ConvTranspose", x, std::move(attributes));
    int64_t group =
        c.attributes.contains("group") ? std::get<int64_t>(c.attributes.find("group")->second) : 1;
    c.inputs.push_back(pattern(w, -1, 1, 2));
    c.inputs.push_back(pattern({w[1] * group}, -1, 1, 3));
    c.constants = {1};
    c.within = 2e-6;
    cases.push_back(std::move(c));
  };
  add("blocks", {2, 16, 7, 8}, {16, 24, 3, 3}, {{"strides", Ints{2, 2}}});
  add("odd", {2, 5, 7, 8}, {5, 3, 4, 4},
      {{"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}, {"output_padding", Ints{1, 0}}});
  add("grouped", {1, 6, 7, 8}, {6, 2, 3, 3}, {{"group", int64_t{3}}});
  add("depthwise", {1, 8, 7, 8}, {8, 1, 3, 3}, {{"group", int64_t{8}}, {"strides", Ints{2, 1}}});
  add("dilated", {1, 8, 7, 8}, {8, 8, 3, 3}, {{"dilations", Ints{2, 3}}});
  add("one_axis", {2, 8, 150}, {8, 16, 5}, {{"strides", Ints{3}}});
  add("three_axes", {1, 4, 3, 4, 5}, {4, 2, 2, 3, 2}, {{"strides", Ints{1, 2, 2}}});
  add("several_products", {1, 3, 40, 150}, {3, 2, 2, 3}, {{"strides", Ints{2, 3}}});
  add("cut_on_both_sides", {2, 3, 5, 9}, {3, 30, 3, 7},
      {{"strides", Ints{2, 4}}, {"pads", Ints{2, 5, 1, 6}}});
  add("same", {1, 3, 6, 7}, {3, 2, 3, 3},
      {{"strides", Ints{2, 2}}, {"auto_pad", std::string("SAME_UPPER")}});
  add("output_shape", {1, 3, 6, 7}, {3, 2, 3, 3},
      {{"strides", Ints{2, 2}}, {"output_shape", Ints{14, 13}}});
  return cases;
}

class ConvTransposeKernels : public testing::TestWithParam<OpCase> {};

TEST_P(ConvTransposeKernels, AgreeWithTheReference) { compare_kernels(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Cases, ConvTransposeKernels, testing::ValuesIn(transposes()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace convoy
