#include <cmath>
#include <limits>

#include "tests/ops/op_case.h"

namespace convoy {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::vector<OpCase> cases() {
  return {
      {"abs",
       "Abs",
       {tensor<float>({4}, {-1, 2, -0.0f, -kInf})},
       {tensor<float>({4}, {1, 2, 0, kInf})}},
      {"abs_int8",
       "Abs",
       {tensor<int8_t>({3}, {-1, 127, -128})},
       {tensor<int8_t>({3}, {1, 127, -128})}},
      {"abs_uint8", "Abs", {tensor<uint8_t>({2}, {0, 255})}, {tensor<uint8_t>({2}, {0, 255})}},
      {"neg_int64",
       "Neg",
       {tensor<int64_t>({2}, {5, -9000000000000000001})},
       {tensor<int64_t>({2}, {-5, 9000000000000000001})}},
      {"sign_nan",
       "Sign",
       {tensor<float>({4}, {-3, 0, 7, kNaN})},
       {tensor<float>({4}, {-1, 0, 1, kNaN})}},
      {"round_half_to_even",
       "Round",
       {tensor<float>({6}, {0.5f, 1.5f, 2.5f, -2.5f, 1e20f, kNaN})},
       {tensor<float>({6}, {0, 2, 2, -2, 1e20f, kNaN})}},
      {"floor_matrix",
       "Floor",
       {tensor<float>({2, 2}, {-1.5f, 1.5f, -0.0f, 3})},
       {tensor<float>({2, 2}, {-2, 1, -0.0f, 3})}},
      {"ceil_double", "Ceil", {tensor<double>({2}, {-1.5, 1.5})}, {tensor<double>({2}, {-1, 2})}},
      {"log_edges",
       "Log",
       {tensor<float>({5}, {1, 0, -1, kInf, 1e-42f})},
       {tensor<float>({5}, {0, -kInf, kNaN, kInf, std::log(1e-42f)})},
       {},
       13,
       1e-6},
      {"exp_edges",
       "Exp",
       {tensor<float>({5}, {0, kInf, -kInf, kNaN, 1000})},
       {tensor<float>({5}, {1, kInf, 0, kNaN, kInf})},
       {},
       13},
      {"sqrt_scalar", "Sqrt", {tensor<float>({}, {9})}, {tensor<float>({}, {3})}},
      {"sqrt_empty", "Sqrt", {tensor<float>({2, 0}, {})}, {tensor<float>({2, 0}, {})}},
      {"half", "Sqrt", {tensor<Float16>({2}, {4.0f, 2.25f})}, {tensor<Float16>({2}, {2.0f, 1.5f})}},
      {"bfloat16",
       "Neg",
       {tensor<BFloat16>({2}, {4.0f, -2.5f})},
       {tensor<BFloat16>({2}, {-4.0f, 2.5f})}},
      {"old_attribute",
       "Exp",
       {tensor<float>({1}, {0})},
       {tensor<float>({1}, {1})},
       {{"consumed_inputs", std::vector<int64_t>{0}}},
       1},
  };
}

CONVOY_OP_CASES(Unary, cases());

// One vector kernel against the reference, over a range that covers tails and several threads.
TEST(Unary, VectorsAgreeWithDoublePrecision) {
  for (const char* op :
       {"Exp", "Sin", "Cos", "Erf", "Reciprocal", "Tan", "Atan", "Sinh", "Cosh", "Asinh"}) {
    OpCase c{op, op, {pattern({37, 1031}, -6, 6)}, {tensor<float>({}, {0})}, {}, 13, 2e-7};
    compare_kernels(c);
  }
  OpCase log{"Log", "Log", {pattern({37, 1031}, 0, 50)}, {tensor<float>({}, {0})}, {}, 13, 2e-7};
  compare_kernels(log);
}

TEST(Unary, LargeAnglesKeepTheirPrecision) {
  OpCase c{"sin", "Sin", {pattern({1000}, -1e6f, 1e6f)}, {tensor<float>({}, {0})}, {}, 7, 3e-7};
  compare_kernels(c);
}

}  // namespace
}  // namespace convoy
