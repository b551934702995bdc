#include <limits>

#include "tests/ops/op_case.h"

namespace convoy {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

Tensor range(const Shape& shape) {
  Tensor result = Tensor::allocate(DType::kFloat32, shape);
  for (int64_t i = 0; i < result.count(); ++i) {
    result.mutable_data<float>()[i] = static_cast<float>(i);
  }
  return result;
}

std::vector<OpCase> arithmetic() {
  constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
  return {
      {"add_rows",
       "Add",
       {tensor<float>({2, 3}, {1, 2, 3, 4, 5, 6}), tensor<float>({3}, {10, 20, 30})},
       {tensor<float>({2, 3}, {11, 22, 33, 14, 25, 36})}},
      {"sub_outer",
       "Sub",
       {tensor<float>({3, 1}, {1, 2, 3}), tensor<float>({1, 2}, {1, 10})},
       {tensor<float>({3, 2}, {0, -9, 1, -8, 2, -7})}},
      {"mul_by_scalar",
       "Mul",
       {tensor<float>({}, {3}), range({4})},
       {tensor<float>({4}, {0, 3, 6, 9})}},
      {"div_edges",
       "Div",
       {tensor<float>({3}, {1, -1, 6}), tensor<float>({3}, {0, 0, 4})},
       {tensor<float>({3}, {kInf, -kInf, 1.5f})}},
      {"div_truncates",
       "Div",
       {tensor<int32_t>({3}, {-7, 7, 5}), tensor<int32_t>({3}, {2, 2, 0})},
       {tensor<int32_t>({3}, {-3, 3, 0})}},
      {"div_overflow",
       "Div",
       {tensor<int64_t>({1}, {kLowest}), tensor<int64_t>({1}, {-1})},
       {tensor<int64_t>({1}, {kLowest})}},
      {"mul_uint16_wraps",
       "Mul",
       {tensor<uint16_t>({1}, {65535}), tensor<uint16_t>({1}, {65535})},
       {tensor<uint16_t>({1}, {1})}},
      {"add_half",
       "Add",
       {tensor<Float16>({2}, {1.0f, 2.0f}), tensor<Float16>({1}, {0.5f})},
       {tensor<Float16>({2}, {1.5f, 2.5f})}},
      {"add_double",
       "Add",
       {tensor<double>({1}, {1e-9}), tensor<double>({1}, {1})},
       {tensor<double>({1}, {1.000000001})}},
      {"add_empty",
       "Add",
       {tensor<float>({0, 3}, {}), tensor<float>({3}, {1, 2, 3})},
       {tensor<float>({0, 3}, {})}},
      {"add_axis_of_opset_6",
       "Add",
       {range({2, 3, 2}), tensor<float>({3}, {10, 20, 30})},
       {tensor<float>({2, 3, 2}, {10, 11, 22, 23, 34, 35, 16, 17, 28, 29, 40, 41})},
       {{"broadcast", int64_t{1}}, {"axis", int64_t{1}}},
       6},
      {"add_integers_of_opset_6",
       "Add",
       {tensor<int64_t>({2, 2}, {1, 2, 3, 4}), tensor<int64_t>({2}, {10, 20})},
       {tensor<int64_t>({2, 2}, {11, 12, 23, 24})},
       {{"broadcast", int64_t{1}}, {"axis", int64_t{0}}},
       6},
  };
}

std::vector<OpCase> modulo_and_power() {
  Attributes fmod = {{"fmod", int64_t{1}}};
  return {
      {"mod_sign_of_divisor",
       "Mod",
       {tensor<int32_t>({4}, {-4, 7, 5, 3}), tensor<int32_t>({4}, {2, -3, 8, 0})},
       {tensor<int32_t>({4}, {0, -2, 5, 0})}},
      {"fmod_integers",
       "Mod",
       {tensor<int64_t>({2}, {-7, 7}), tensor<int64_t>({2}, {3, -3})},
       {tensor<int64_t>({2}, {-1, 1})},
       fmod},
      {"fmod_floats",
       "Mod",
       {tensor<float>({2}, {-4.5f, 7}), tensor<float>({2}, {2, -3})},
       {tensor<float>({2}, {-0.5f, 1})},
       fmod},
      {"pow",
       "Pow",
       {tensor<float>({3}, {1, 2, 3}), tensor<float>({3}, {4, 5, 6})},
       {tensor<float>({3}, {1, 32, 729})},
       {},
       15,
       1e-6},
      {"pow_square",
       "Pow",
       {tensor<float>({2}, {-3, 4}), tensor<float>({1, 1}, {2})},
       {tensor<float>({1, 2}, {9, 16})},
       {},
       15,
       0,
       {1}},
      {"pow_root",
       "Pow",
       {tensor<float>({3}, {4, -0.0f, -kInf}), tensor<float>({}, {0.5f})},
       {tensor<float>({3}, {2, 0, kInf})},
       {},
       15,
       0,
       {1}},
      {"pow_integer_exponent",
       "Pow",
       {tensor<float>({2}, {2, 3}), tensor<int64_t>({2}, {-1, 3})},
       {tensor<float>({2}, {0.5f, 27})},
       {},
       15,
       1e-6},
      {"pow_integers",
       "Pow",
       {tensor<int64_t>({3}, {3, -2, 2}), tensor<int32_t>({3}, {4, 3, -1})},
       {tensor<int64_t>({3}, {81, -8, 0})}},
      {"pow_integer_base",
       "Pow",
       {tensor<int32_t>({2}, {2, 9}), tensor<float>({2}, {10, 0.5f})},
       {tensor<int32_t>({2}, {1024, 3})}},
  };
}

CONVOY_OP_CASES(Binary, arithmetic());
CONVOY_OP_CASES(ModAndPow, modulo_and_power());

// Rows shorter and longer than a tile, repeated on either side, in the middle and inside.
TEST(Binary, EveryBroadcastAgreesWithTheReference) {
  for (const auto& [a, b] : std::vector<std::pair<Shape, Shape>>{{{3, 5, 7}, {3, 5, 7}},
                                                                 {{3, 5, 7}, {7}},
                                                                 {{3, 1, 7}, {5, 1}},
                                                                 {{2, 300, 3}, {300, 1}},
                                                                 {{1, 1}, {70, 90}},
                                                                 {{4, 1, 600}, {1, 3, 600}},
                                                                 {{2000}, {1}},
                                                                 {{9, 2, 65}, {9, 1, 1}},
                                                                 {{64, 1, 10}, {1, 5, 1}},
                                                                 {{3, 700, 40}, {700, 40}}}) {
    OpCase c{"sub", "Sub", {pattern(a), pattern(b, -1, 1, 7)}, {tensor<float>({}, {0})}};
    compare_kernels(c);
    for (auto placed : {with_gaps, with_reversed_axes}) {
      OpCase moved = c;
      for (Tensor& input : moved.inputs) input = placed(input);
      std::vector<Tensor> expected = evaluate_case(c, c.inputs, "reference");
      expect_equal(evaluate_case(moved, moved.inputs)[0], expected[0], 0, to_string(a));
    }
  }
}

TEST(Binary, RefusesOperandsOfTwoTypes) {
  OpCase c{"add",
           "Add",
           {tensor<int64_t>({1}, {1}), tensor<int8_t>({1}, {1})},
           {tensor<int64_t>({1}, {2})}};
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
}

}  // namespace
}  // namespace convoy
