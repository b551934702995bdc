// Expected numbers are onnxruntime's.
#include "tests/ops/microsoft_case.h"

namespace convoy {
namespace {

std::vector<OpCase> cases() {
  return {
      microsoft("sigmoid", "QLinearSigmoid",
                {tensor<uint8_t>({2, 3}, {248, 194, 190, 207, 147, 26}), tensor<float>({}, {0.03f}),
                 tensor<uint8_t>({}, {120}), tensor<float>({}, {0.004f}), tensor<uint8_t>({}, {0})},
                {tensor<uint8_t>({2, 3}, {245, 226, 223, 233, 173, 14})}, {}),
      microsoft("sigmoid_without_zero_points", "QLinearSigmoid",
                {tensor<int8_t>({2, 3}, {-83, -68, -82, 77, 94, 21}), tensor<float>({}, {0.03f}),
                 Tensor(), tensor<float>({}, {0.01f}), Tensor()},
                {tensor<int8_t>({2, 3}, {8, 12, 8, 91, 94, 65})}, {}),
      microsoft("leaky_relu", "QLinearLeakyRelu",
                {tensor<int8_t>({2, 3}, {-118, -104, -43, -18, 31, -6}), tensor<float>({}, {0.03f}),
                 tensor<int8_t>({}, {-9}), tensor<float>({}, {0.02f}), tensor<int8_t>({}, {3})},
                {tensor<int8_t>({2, 3}, {-30, -25, -7, 0, 63, 7})}, {{"alpha", 0.2f}}),
      microsoft(
          "leaky_relu_by_default", "QLinearLeakyRelu",
          {tensor<uint8_t>({2, 3}, {33, 41, 201, 67, 70, 166}), tensor<float>({}, {0.03f}),
           tensor<uint8_t>({}, {120}), tensor<float>({}, {0.02f}), tensor<uint8_t>({}, {125})},
          {tensor<uint8_t>({2, 3}, {124, 124, 246, 124, 124, 194})}, {}),
      microsoft("add", "QLinearAdd",
                {tensor<uint8_t>({2, 3}, {50, 179, 0, 177, 137, 63}), tensor<float>({}, {0.03f}),
                 tensor<uint8_t>({}, {120}), tensor<uint8_t>({2, 3}, {255, 64, 94, 8, 8, 156}),
                 tensor<float>({}, {0.02f}), tensor<uint8_t>({}, {125}), tensor<float>({}, {0.04f}),
                 tensor<uint8_t>({}, {110})},
                {tensor<uint8_t>({2, 3}, {122, 124, 4, 94, 64, 83})}, {}),
      microsoft(
          "add_broadcast", "QLinearAdd",
          {tensor<int8_t>({2, 1}, {-13, -28}), tensor<float>({}, {0.03f}), tensor<int8_t>({}, {-9}),
           tensor<int8_t>({3}, {99, 4, -21}), tensor<float>({}, {0.03f}), tensor<int8_t>({}, {-9}),
           tensor<float>({}, {0.05f}), tensor<int8_t>({}, {4})},
          {tensor<int8_t>({2, 3}, {66, 9, -6, 57, 0, -15})}, {}),
      microsoft("multiply", "QLinearMul",
                {tensor<uint8_t>({2, 3}, {80, 163, 61, 110, 47, 229}), tensor<float>({}, {0.03f}),
                 tensor<uint8_t>({}, {120}), tensor<uint8_t>({2, 3}, {97, 110, 56, 150, 74, 193}),
                 tensor<float>({}, {0.02f}), tensor<uint8_t>({}, {125}), tensor<float>({}, {0.04f}),
                 tensor<uint8_t>({}, {110})},
                {tensor<uint8_t>({2, 3}, {127, 100, 171, 106, 166, 221})}, {}),
      microsoft("multiply_by_a_number", "QLinearMul",
                {tensor<int8_t>({2, 3}, {60, 65, 116, 73, -56, -47}), tensor<float>({}, {0.03f}),
                 tensor<int8_t>({}, {-9}), tensor<int8_t>({}, {38}), tensor<float>({}, {0.03f}),
                 tensor<int8_t>({}, {-9}), tensor<float>({}, {0.05f}), tensor<int8_t>({}, {4})},
                {tensor<int8_t>({2, 3}, {62, 67, 110, 73, -36, -28})}, {}),
      microsoft("where", "QLinearWhere",
                {tensor<bool>({2, 1}, {true, false}),
                 tensor<uint8_t>({2, 3}, {149, 40, 126, 166, 40, 54}), tensor<float>({}, {0.03f}),
                 tensor<uint8_t>({}, {120}), tensor<uint8_t>({3}, {13, 153, 135}),
                 tensor<float>({}, {0.02f}), tensor<uint8_t>({}, {125}), tensor<float>({}, {0.03f}),
                 tensor<uint8_t>({}, {120})},
                {tensor<uint8_t>({2, 3}, {149, 40, 126, 45, 139, 127})}, {}),
      microsoft("concat", "QLinearConcat",
                {tensor<float>({}, {0.03f}), tensor<uint8_t>({}, {120}),
                 tensor<uint8_t>({2, 2}, {59, 191, 239, 74}), tensor<float>({}, {0.03f}),
                 tensor<uint8_t>({}, {120}), tensor<uint8_t>({2, 1}, {193, 154}),
                 tensor<float>({}, {0.02f}), tensor<uint8_t>({}, {125})},
                {tensor<uint8_t>({2, 3}, {59, 191, 165, 239, 74, 139})}, {{"axis", int64_t{1}}}),
      microsoft("concat_signed", "QLinearConcat",
                {tensor<float>({}, {0.05f}), tensor<int8_t>({}, {2}),
                 tensor<int8_t>({1, 3}, {-128, -109, 121}), tensor<float>({}, {0.03f}),
                 tensor<int8_t>({}, {-9}), tensor<int8_t>({2, 3}, {113, -52, -93, -48, -117, 100}),
                 tensor<float>({}, {0.01f}), tensor<int8_t>({}, {0})},
                {tensor<int8_t>({3, 3}, {-69, -58, 80, 25, -8, -17, -8, -21, 22})},
                {{"axis", int64_t{-2}}}),
      microsoft("integer16", "MatMulInteger16",
                {tensor<int16_t>({1, 3}, {1, -2, 300}),
                 tensor<int16_t>({3, 2}, {-32768, 5, 7, -8, 9, 32767})},
                {tensor<int32_t>({1, 2}, {-30082, 9830121})}, {}),
  };
}

// The case with one input, or attributes, replaced.
std::string error_of(OpCase c) {
  try {
    evaluate_case(c, c.inputs);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

OpCase named(const std::vector<OpCase>& table, const std::string& name) {
  for (const OpCase& c : table) {
    if (c.name == name) return c;
  }
  throw std::invalid_argument(name);
}

TEST(QuantizedElements, RefuseOperandsThatDoNotFit) {
  OpCase add = named(cases(), "add");
  OpCase wrong = add;
  wrong.inputs[2] = tensor<int8_t>({}, {1});
  EXPECT_NE(error_of(wrong).find("the zero point, input 2, is int8[]"), std::string::npos)
      << error_of(wrong);
  wrong = add;
  wrong.inputs[6] = tensor<float>({2}, {1, 2});
  EXPECT_NE(error_of(wrong).find("the scale, input 6, is float32[2]"), std::string::npos)
      << error_of(wrong);
  wrong = add;
  wrong.inputs[3] = tensor<uint8_t>({2, 2}, {1, 2, 3, 4});
  EXPECT_NE(error_of(wrong), "no error");
  wrong = add;
  wrong.attributes["beta"] = 1.0f;
  EXPECT_NE(error_of(wrong).find("beta"), std::string::npos) << error_of(wrong);
}

TEST(QuantizedElements, ConcatNeedsThreeInputsForEachTensor) {
  OpCase concat = named(cases(), "concat");
  concat.inputs.pop_back();
  EXPECT_NE(error_of(concat).find("7 inputs are not"), std::string::npos) << error_of(concat);
  concat = named(cases(), "concat");
  concat.inputs[2] = tensor<uint8_t>({1, 2}, {1, 2});
  EXPECT_NE(error_of(concat).find("cannot concatenate"), std::string::npos) << error_of(concat);
}

// Every pair of 8-bit integers, by definition.
TEST(QuantizedElements, SumsOfAllPairsAreRoundedOnce) {
  Tensor a = Tensor::allocate(DType::kUInt8, {256, 1});
  Tensor b = Tensor::allocate(DType::kUInt8, {1, 256});
  for (int i = 0; i < 256; ++i) {
    a.mutable_data<uint8_t>()[i] = static_cast<uint8_t>(i);
    b.mutable_data<uint8_t>()[i] = static_cast<uint8_t>(i);
  }
  OpCase add = named(cases(), "add");
  add.inputs[0] = a;
  add.inputs[3] = b;
  Tensor y = evaluate_case(add, add.inputs)[0];
  for (int i = 0; i < 256; ++i) {
    for (int j = 0; j < 256; ++j) {
      double sum = ((i - 120) * 0.03 + (j - 125) * 0.02) / 0.04;
      double exact = std::min(std::max(sum + 110, 0.0), 255.0);
      ASSERT_NEAR(y.data<uint8_t>()[i * 256 + j], exact, 0.5001) << i << " and " << j;
    }
  }
}

CONVOY_OP_CASES(QuantizedElementCases, cases());

}  // namespace
}  // namespace convoy
