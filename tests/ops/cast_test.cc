#include <cmath>
#include <limits>

#include "ops/kernels/cast/narrow_float.h"
#include "tests/ops/op_case.h"

namespace convoy {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

Attributes to(DType dtype) { return {{"to", static_cast<int64_t>(dtype)}}; }

std::vector<OpCase> cases() {
  return {
      {"float_to_int_truncates",
       "Cast",
       {tensor<float>({4}, {1.9f, -1.9f, 0, 1e9f})},
       {tensor<int64_t>({4}, {1, -1, 0, 1000000000})},
       to(DType::kInt64)},
      {"int64_stays_exact",
       "Cast",
       {tensor<int64_t>({2}, {9007199254740993, -1})},
       {tensor<uint64_t>({2}, {9007199254740993, 18446744073709551615u})},
       to(DType::kUInt64)},
      {"int_wraps",
       "Cast",
       {tensor<int32_t>({2}, {300, -1})},
       {tensor<uint8_t>({2}, {44, 255})},
       to(DType::kUInt8)},
      {"to_bool",
       "Cast",
       {tensor<float>({4}, {0, -0.0f, 0.1f, kNaN})},
       {tensor<bool>({4}, {false, false, true, true})},
       to(DType::kBool)},
      {"bits_to_bool",
       "BitCast",
       {tensor<uint8_t>({3}, {2, 0, 254})},
       {tensor<bool>({3}, {true, false, true})},
       to(DType::kBool)},
      {"bool_to_float",
       "Cast",
       {tensor<bool>({2, 1}, {true, false})},
       {tensor<float>({2, 1}, {1, 0})},
       to(DType::kFloat32)},
      {"to_half_rounds_to_even",
       "Cast",
       {tensor<float>({3}, {2049, 2051, 65520})},
       {tensor<Float16>({3}, {2048.0f, 2052.0f, kInf})},
       to(DType::kFloat16)},
      {"to_text",
       "Cast",
       {tensor<float>({5}, {1, 0.5f, -3.25f, 1e-7f, kNaN})},
       {tensor<std::string>({5}, {"1.0", "0.5", "-3.25", "1e-07", "nan"})},
       to(DType::kString)},
      {"from_text",
       "Cast",
       {tensor<std::string>({6}, {"3", "-1e2", "NaN", "INF", "-inf", " +7 "})},
       {tensor<float>({6}, {3, -100, kNaN, kInf, -kInf, 7})},
       to(DType::kFloat32)},
      {"unsigned_from_text",
       "Cast",
       {tensor<std::string>({2}, {"18446744073709551615", "9223372036854775809"})},
       {tensor<uint64_t>({2}, {18446744073709551615u, 9223372036854775809u})},
       to(DType::kUInt64)},
      {"integer_from_text",
       "Cast",
       {tensor<std::string>({2}, {"9007199254740993", "-2.7"})},
       {tensor<int64_t>({2}, {9007199254740993, -2})},
       to(DType::kInt64)},
      {"of_opset_1",
       "Cast",
       {tensor<float>({1}, {2.5f})},
       {tensor<int32_t>({1}, {2})},
       {{"to", std::string("INT32")}},
       1},
      {"like",
       "CastLike",
       {tensor<double>({2}, {1.5, 2}), tensor<int8_t>({1}, {0})},
       {tensor<int8_t>({2}, {1, 2})}},
      {"empty", "Cast", {tensor<float>({0}, {})}, {tensor<int32_t>({0}, {})}, to(DType::kInt32)},
  };
}

CONVOY_OP_CASES(Cast, cases());

TEST(Cast, RefusesTextThatIsNoNumber) {
  OpCase c{"text",
           "Cast",
           {tensor<std::string>({1}, {"1x"})},
           {tensor<float>({1}, {0})},
           to(DType::kFloat32)};
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
}

TEST(Cast, OutOfRangeIsHarmless) {
  for (DType target : {DType::kInt8, DType::kUInt8, DType::kInt32, DType::kUInt32, DType::kInt64,
                       DType::kUInt64}) {
    OpCase c{"huge",
             "Cast",
             {tensor<float>({5}, {1e30f, -1e30f, kInf, -kInf, kNaN})},
             {tensor<float>({1}, {0})},
             to(target)};
    EXPECT_EQ(evaluate_case(c, c.inputs)[0].dtype(), target);
  }
}

// Decoding a code and encoding it again gives the code back.
TEST(NarrowFloat, CodesSurvive) {
  for (DType dtype : {DType::kFloat8E4M3FN, DType::kFloat8E4M3FNUZ, DType::kFloat8E5M2,
                      DType::kFloat8E5M2FNUZ, DType::kFloat8E8M0, DType::kFloat4E2M1}) {
    int codes = dtype == DType::kFloat4E2M1 ? 16 : 256;
    for (int code = 0; code < codes; ++code) {
      float value = narrow_to_float(dtype, static_cast<uint8_t>(code));
      NarrowOptions options;
      options.saturate = false;
      uint8_t back = float_to_narrow(dtype, value, options);
      if (std::isnan(value)) {
        EXPECT_TRUE(std::isnan(narrow_to_float(dtype, back))) << to_string(dtype) << " " << code;
      } else {
        EXPECT_EQ(back, code) << to_string(dtype) << " of " << value;
      }
    }
  }
}

TEST(NarrowFloat, OverflowSaturatesOrBecomesSpecial) {
  auto encoded = [](DType dtype, float value, bool saturate) {
    NarrowOptions options;
    options.saturate = saturate;
    return narrow_to_float(dtype, float_to_narrow(dtype, value, options));
  };
  EXPECT_EQ(encoded(DType::kFloat8E4M3FN, 1e6f, true), 448);
  EXPECT_EQ(encoded(DType::kFloat8E4M3FN, 464, true), 448);
  EXPECT_TRUE(std::isnan(encoded(DType::kFloat8E4M3FN, -1e6f, false)));
  EXPECT_EQ(encoded(DType::kFloat8E5M2, -1e6f, true), -57344);
  EXPECT_EQ(encoded(DType::kFloat8E5M2, -1e6f, false), -kInf);
  EXPECT_EQ(encoded(DType::kFloat8E4M3FNUZ, 1e6f, true), 240);
  EXPECT_TRUE(std::isnan(encoded(DType::kFloat8E5M2FNUZ, 1e6f, false)));
  EXPECT_EQ(encoded(DType::kFloat4E2M1, 100, false), 6);
}

}  // namespace
}  // namespace convoy
