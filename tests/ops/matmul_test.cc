#include "tests/ops/op_case.h"

namespace convoy {
namespace {

const Tensor kWanted = Tensor::zeros(DType::kFloat32, {1});  // only tells that Y is wanted

OpCase product(std::string name, const Shape& a, const Shape& b, Attributes attributes = {}) {
  OpCase c;
  c.name = std::move(name);
  c.op = "MatMul";
  c.inputs = {pattern(a), pattern(b, -1, 1, 2)};
  c.expected = {kWanted};
  c.attributes = std::move(attributes);
  c.within = 2e-6;
  return c;
}

std::vector<OpCase> shapes() {
  return {
      product("plain", {7, 33}, {33, 19}),
      product("row", {1, 64}, {64, 48}),
      product("column", {64, 40}, {40, 1}),
      product("vector_left", {12}, {12, 9}),
      product("vector_right", {3, 5, 12}, {12}),
      product("vectors", {12}, {12}),
      product("batched", {4, 6, 8}, {4, 8, 5}),
      product("shared_right", {4, 3, 6, 8}, {8, 5}),
      product("broadcast", {4, 1, 6, 8}, {3, 8, 5}),
      product("broadcast_left", {6, 8}, {2, 3, 8, 5}),
      product("long_batch", {17, 2, 48}, {48, 144}),
      product("small_odd", {13, 11}, {11, 23}),
      product("three_vectors", {50, 70}, {70, 24}),
      product("many_rows", {200, 40}, {40, 37}),
      product("many_terms", {9, 700}, {700, 21}),
      product("batched_wide", {3, 20, 90}, {3, 90, 66}),
      product("one_column", {30, 300}, {300, 1}),
      product("tiny", {64, 2, 3}, {64, 3, 2}),
      product("one_row_batched", {50, 1, 16}, {50, 16, 20}),
      product("deep", {2, 1000}, {1000, 3}),
      product("empty_inner", {3, 0}, {0, 4}),
      product("empty_rows", {0, 3}, {3, 4}),
      product("empty_batch", {0, 3, 3}, {0, 3, 4}),
  };
}

class MatMulKernels : public testing::TestWithParam<OpCase> {};

TEST_P(MatMulKernels, AgreeWithTheReference) { compare_kernels(GetParam()); }
TEST_P(MatMulKernels, TakeAConstant) {
  OpCase c = GetParam();
  c.constants = {1};
  compare_kernels(c);
}
TEST_P(MatMulKernels, ReadAnyStrides) {
  OpCase c = GetParam();
  c.expected = evaluate_case(c, c.inputs, "reference");
  run_case(c);
}
INSTANTIATE_TEST_SUITE_P(Cases, MatMulKernels, testing::ValuesIn(shapes()),
                         [](const auto& tested) { return tested.param.name; });

// Gemm on the shapes, with C and scales.
std::vector<OpCase> gemm_cases() {
  std::vector<OpCase> cases;
  auto add = [&](std::string name, const Shape& a, const Shape& b, std::optional<Shape> c,
                 Attributes attributes) {
    OpCase gemm = product(std::move(name), a, b, std::move(attributes));
    gemm.op = "Gemm";
    if (c) gemm.inputs.push_back(pattern(*c, -1, 1, 3));
    gemm.constants = {1};
    cases.push_back(std::move(gemm));
  };
  add("no_c", {5, 16}, {16, 9}, {}, {});
  add("row_c", {5, 16}, {16, 9}, Shape{9}, {});
  add("row_c_2d", {5, 16}, {16, 9}, Shape{1, 9}, {});
  add("column_c", {5, 16}, {16, 9}, Shape{5, 1}, {});
  add("full_c", {5, 16}, {16, 9}, Shape{5, 9}, {});
  add("scalar_c", {5, 16}, {16, 9}, Shape{}, {});
  add("one_c", {5, 16}, {16, 9}, Shape{1}, {});
  add("transposed", {16, 5}, {9, 16}, Shape{9}, {{"transA", int64_t{1}}, {"transB", int64_t{1}}});
  add("transposed_b", {64, 32}, {48, 32}, Shape{48}, {{"transB", int64_t{1}}});
  add("square_b", {3, 16}, {16, 16}, Shape{16}, {{"transB", int64_t{1}}});
  add("scaled", {5, 16}, {16, 9}, Shape{9}, {{"alpha", 0.5f}, {"beta", -2.0f}});
  add("scaled_large", {70, 64}, {64, 80}, Shape{70, 1}, {{"alpha", 0.5f}, {"beta", -2.0f}});
  add("full_c_large", {70, 64}, {64, 80}, Shape{70, 80}, {});
  add("beta_zero", {5, 16}, {16, 9}, Shape{9}, {{"beta", 0.0f}});
  return cases;
}

class GemmKernels : public testing::TestWithParam<OpCase> {};

TEST_P(GemmKernels, AgreeWithTheReference) { compare_kernels(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Cases, GemmKernels, testing::ValuesIn(gemm_cases()),
                         [](const auto& tested) { return tested.param.name; });

TEST(FusedMatMul, AgreesWithTheReference) {
  for (bool residual : {false, true}) {
    for (const char* activation : {"", "Relu", "Sigmoid", "Silu", "Clip"}) {
      OpCase c = product("fused", {2, 6, 16}, {24, 16}, {{"transB", int64_t{1}}});
      c.op = "FusedMatMul";
      c.is_private = true;
      c.inputs.push_back(pattern({24}, -1, 1, 3));
      if (residual) c.inputs.push_back(pattern({2, 6, 24}, -1, 1, 4));
      c.attributes["activation"] = std::string(activation);
      c.attributes["activation_alpha"] = -0.5f;
      c.attributes["activation_beta"] = 0.5f;
      c.attributes["scale"] = 0.25f;
      c.within = 1e-5;
      SCOPED_TRACE(activation);
      compare_kernels(c);
    }
  }
}

TEST(FusedMatMul, ScalesAProductWithNothingElse) {
  OpCase c = product("scaled", {2, 70, 64}, {2, 64, 80}, {{"scale", 0.125f}});
  c.op = "FusedMatMul";
  c.is_private = true;
  compare_kernels(c);
}

// Column by column: [[1,2],[3,4]] · [[5,6],[7,8]].
CONVOY_OP_CASES(MatMul,
                (std::vector<OpCase>{
                    {"by_hand",
                     "MatMul",
                     {tensor<float>({2, 2}, {1, 2, 3, 4}), tensor<float>({2, 2}, {5, 6, 7, 8})},
                     {tensor<float>({2, 2}, {19, 22, 43, 50})}},
                    {"integers",
                     "MatMul",
                     {tensor<int32_t>({1, 2}, {2147483647, 1}), tensor<int32_t>({2, 1}, {2, 3})},
                     {tensor<int32_t>({1, 1}, {1})}},
                    {"doubles",
                     "MatMul",
                     {tensor<double>({2}, {1, 2}), tensor<double>({2}, {3, 4})},
                     {tensor<double>({}, {11})}},
                    {"gemm_by_hand",
                     "Gemm",
                     {tensor<float>({2, 1}, {1, 2}), tensor<float>({1, 2}, {3, 4}),
                      tensor<float>({2, 1}, {1, 2})},
                     {tensor<float>({2, 2}, {3.5, 4.5, 7, 9})},
                     {{"alpha", 1.0f}, {"beta", 0.5f}},
                     21,
                     1e-6},
                    {"gemm_integers_halved",
                     "Gemm",
                     {tensor<int32_t>({1, 2}, {1, 2}), tensor<int32_t>({2, 1}, {-6, 1}),
                      tensor<int32_t>({1}, {-3})},
                     {tensor<int32_t>({1, 1}, {1})},
                     {{"alpha", 0.5f}, {"beta", -1.0f}}},
                    {"gemm_integers",
                     "Gemm",
                     {tensor<int64_t>({1, 2}, {1, 2}), tensor<int64_t>({2, 1}, {3, 4}),
                      tensor<int64_t>({1}, {5})},
                     {tensor<int64_t>({1, 1}, {16})}},
                    {"integer_zero_points",
                     "MatMulInteger",
                     {tensor<uint8_t>({2, 2}, {11, 7, 3, 10}), tensor<uint8_t>({2, 1}, {1, 4}),
                      tensor<uint8_t>({}, {12}), tensor<uint8_t>({}, {0})},
                     {tensor<int32_t>({2, 1}, {-21, -17})}},
                    {"integer_zero_points_by_row",
                     "MatMulInteger",
                     {tensor<int8_t>({3, 2, 1}, {1, 2, 3, 4, 5, 6}),
                      tensor<int8_t>({1, 2}, {1, 10}), tensor<int8_t>({2}, {0, 1})},
                     {tensor<int32_t>({3, 2, 2}, {1, 10, 1, 10, 3, 30, 3, 30, 5, 50, 5, 50})}},
                }));

TEST(MatMul, RefusesShapesThatDoNotFit) {
  OpCase c = product("bad", {2, 3}, {4, 5});
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
}

}  // namespace
}  // namespace convoy
