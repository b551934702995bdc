#include "tests/ops/op_case.h"

namespace convoy {
namespace {

using Ints = std::vector<int64_t>;

// n convolutions over X, whose axis `stack_axis` has n positions.
OpCase stacked(std::string name, const Shape& x, const Shape& w, Attributes attributes = {}) {
  OpCase c;
  c.name = std::move(name);
  c.op = "StackedConv";
  c.is_private = true;
  c.inputs = {pattern(x), pattern(w, -1, 1, 2), pattern({w[0]}, -1, 1, 3)};
  c.attributes = std::move(attributes);
  c.expected = {Tensor::zeros(DType::kFloat32, {1})};  // only tells that Y is wanted
  c.constants = {1};
  c.within = 2e-6;
  return c;
}

std::vector<OpCase> cases() {
  return {
      stacked("few_channels", {3, 5, 4, 30}, {20, 5, 3}),
      stacked("many_channels", {2, 32, 3, 70}, {96, 32, 3}, {{"pads", Ints{1, 1}}}),
      stacked("many_taps", {2, 32, 3, 270}, {96, 32, 5}, {{"dilations", Ints{2}}}),
      stacked("groups_of_one", {2, 32, 3, 40}, {96, 16, 3}, {{"group", int64_t{2}}}),
      stacked("other_axes", {4, 2, 24, 50}, {96, 24, 3},
              {{"stack_axis", int64_t{0}}, {"output_axis", int64_t{3}}}),
      stacked("last_axis_apart", {2, 20, 40, 5}, {100, 20, 3}, {{"stack_axis", int64_t{3}}}),
      stacked("planes", {1, 16, 2, 12, 13}, {32, 16, 3, 3},
              {{"pads", Ints{1, 1, 1, 1}}, {"activation", std::string("Relu")}}),
      stacked("empty_batch", {0, 5, 4, 30}, {20, 5, 3}),
      stacked("four_spatial_axes", {1, 2, 3, 4, 4, 4, 4}, {6, 2, 2, 2, 2, 2}),
  };
}

class StackedConv : public testing::TestWithParam<OpCase> {};

TEST_P(StackedConv, KernelsAgreeWithTheReference) { compare_kernels(GetParam()); }
TEST_P(StackedConv, MirrorComputesTheSame) { run_case_on_mirror(GetParam()); }
TEST_P(StackedConv, CudaComputesTheSame) { run_case_on_emulated_gpu(GetParam()); }
TEST(StackedConvOperands, MayLackABias) {
  OpCase c = stacked("no_bias", {3, 5, 4, 30}, {20, 5, 3});
  c.inputs.pop_back();
  compare_kernels(c);
}
TEST(StackedConvOperands, MustFit) {
  OpCase c = stacked("weights_of_another_type", {3, 5, 4, 30}, {20, 5, 3});
  c.inputs[1] = Tensor::zeros(DType::kFloat16, {20, 5, 3});
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
  c.inputs[1] = pattern({20, 5, 3});
  c.inputs[2] = pattern({3});
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
}
INSTANTIATE_TEST_SUITE_P(Cases, StackedConv, testing::ValuesIn(cases()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace convoy
