// Expected numbers are onnxruntime's.
#include "tests/ops/microsoft_case.h"

namespace convoy {
namespace {

std::vector<OpCase> cases() {
  return {
      microsoft(
          "bits_2", "MatMulNBits",
          {tensor<float>({2, 20}, {-0.04f, -0.68f, 0.47f,  -0.77f, -0.22f, 0.03f,  -0.14f, 0.17f,
                                   0.48f,  0.91f,  -0.43f, 0.3f,   0.39f,  -0.41f, -1.0f,  0.95f,
                                   -0.4f,  -0.37f, 0.78f,  0.17f,  -0.06f, 0.55f,  -0.94f, 0.41f,
                                   -0.25f, -0.82f, 0.32f,  0.86f,  -0.59f, 0.26f,  -0.4f,  0.48f,
                                   0.44f,  -0.56f, 0.66f,  0.32f,  0.37f,  0.64f,  -0.14f, 0.52f}),
           tensor<uint8_t>({2, 2, 4}, {248, 194, 190, 207, 147, 26, 237, 21, 245, 211, 239, 45, 5,
                                       157, 159, 60}),
           tensor<float>({2, 2}, {0.08f, 0.06f, 0.02f, 0.05f})},
          {tensor<float>({2, 2}, {0.26000002f, -0.06769999f, -0.03100001f, -0.1001f})},
          {{"K", int64_t{20}},
           {"N", int64_t{2}},
           {"bits", int64_t{2}},
           {"block_size", int64_t{16}}},
          1e-05, {1, 2}),
      microsoft("bits_2_zero_points", "MatMulNBits",
                {tensor<float>({1, 20}, {-0.8f, 0.7f,   -0.21f, -0.04f, -0.71f, 0.4f,   -0.42f,
                                         0.74f, -0.45f, 0.12f,  -0.2f,  0.23f,  -0.61f, -0.64f,
                                         0.49f, 0.5f,   0.13f,  0.84f,  -0.59f, 0.7f}),
                 tensor<uint8_t>({2, 2, 4}, {248, 194, 190, 207, 147, 26, 237, 21, 245, 211, 239,
                                             45, 5, 157, 159, 60}),
                 tensor<float>({2, 2}, {0.08f, 0.06f, 0.02f, 0.05f}),
                 tensor<uint8_t>({2, 1}, {177, 159})},
                {tensor<float>({1, 2}, {0.025600016f, -0.1281f})},
                {{"K", int64_t{20}},
                 {"N", int64_t{2}},
                 {"bits", int64_t{2}},
                 {"block_size", int64_t{16}}},
                1e-05, {1, 2, 3}),
      microsoft(
          "bits_4", "MatMulNBits",
          {tensor<float>({2, 20}, {0.72f,  -0.75f, -0.41f, -0.01f, 0.7f,   0.93f,  0.42f,  -0.57f,
                                   0.09f,  0.41f,  -0.9f,  0.36f,  -0.26f, 0.18f,  0.34f,  0.34f,
                                   0.05f,  0.11f,  -0.6f,  -0.01f, -0.75f, -0.04f, 0.07f,  0.55f,
                                   -0.21f, -0.96f, 0.06f,  -0.59f, 0.48f,  -0.22f, -0.24f, 0.82f,
                                   -0.21f, -0.3f,  -0.3f,  -0.04f, -0.81f, 0.09f,  0.84f,  0.13f}),
           tensor<uint8_t>({3, 2, 8}, {207, 19,  228, 224, 191, 248, 187, 150, 159, 192, 66,  43,
                                       140, 170, 210, 226, 200, 37,  224, 246, 15,  144, 12,  248,
                                       157, 83,  170, 159, 75,  157, 193, 249, 101, 188, 92,  155,
                                       244, 103, 54,  128, 2,   138, 118, 248, 149, 187, 218, 154}),
           tensor<float>({3, 2}, {0.08f, 0.01f, 0.04f, 0.02f, 0.03f, 0.03f})},
          {tensor<float>({2, 3}, {0.3690001f, -0.0021999914f, -0.13260002f, -1.0042f, -0.28539997f,
                                  0.33509997f})},
          {{"K", int64_t{20}},
           {"N", int64_t{3}},
           {"bits", int64_t{4}},
           {"block_size", int64_t{16}}},
          1e-05, {1, 2}),
      microsoft(
          "bits_4_zero_points", "MatMulNBits",
          {tensor<float>({1, 20}, {0.49f,  0.89f,  0.68f,  0.49f, 0.63f,  0.64f, -0.49f,
                                   -0.04f, -0.31f, -0.48f, 0.14f, -0.36f, 0.24f, 0.16f,
                                   -0.79f, -0.12f, -0.22f, 0.41f, -0.82f, -0.66f}),
           tensor<uint8_t>({3, 2, 8}, {207, 19,  228, 224, 191, 248, 187, 150, 159, 192, 66,  43,
                                       140, 170, 210, 226, 200, 37,  224, 246, 15,  144, 12,  248,
                                       157, 83,  170, 159, 75,  157, 193, 249, 101, 188, 92,  155,
                                       244, 103, 54,  128, 2,   138, 118, 248, 149, 187, 218, 154}),
           tensor<float>({3, 2}, {0.08f, 0.01f, 0.04f, 0.02f, 0.03f, 0.03f}),
           tensor<uint8_t>({3, 1}, {214, 249, 122}), Tensor(),
           tensor<float>({3}, {0.03f, -0.19f, 0.33f})},
          {tensor<float>({1, 3}, {0.5407999f, -0.088f, 0.18300003f})},
          {{"K", int64_t{20}},
           {"N", int64_t{3}},
           {"bits", int64_t{4}},
           {"block_size", int64_t{16}}},
          1e-05, {1, 2, 3}),
      microsoft(
          "bits_8", "MatMulNBits",
          {tensor<float>({2, 20}, {0.34f,  0.77f,  1.0f,   -0.71f, 0.07f,  0.76f,  -0.89f, 0.18f,
                                   -0.65f, 0.54f,  0.88f,  0.08f,  -0.98f, -0.87f, -0.17f, 0.69f,
                                   -0.53f, 0.34f,  -0.19f, -0.47f, 0.41f,  -0.38f, -0.26f, 0.53f,
                                   -0.01f, 0.57f,  0.03f,  -0.68f, -0.11f, 0.75f,  0.13f,  0.93f,
                                   -1.0f,  -0.32f, 0.54f,  0.37f,  0.12f,  0.33f,  0.75f,  0.37f}),
           tensor<uint8_t>(
               {2, 2, 16},
               {59,  21,  144, 42,  140, 24,  54,  85,  139, 5,   252, 50,  224, 237, 124, 50,
                59,  190, 212, 216, 241, 107, 141, 238, 235, 234, 119, 110, 38,  0,   112, 62,
                107, 125, 170, 213, 166, 1,   166, 37,  219, 219, 103, 35,  175, 36,  167, 71,
                142, 255, 171, 93,  66,  45,  248, 86,  147, 7,   78,  71,  162, 51,  161, 57}),
           tensor<float>({2, 2}, {0.06f, 0.09f, 0.02f, 0.05f})},
          {tensor<float>({2, 2}, {-15.666899f, -2.2637992f, -13.195199f, 2.5008998f})},
          {{"K", int64_t{20}},
           {"N", int64_t{2}},
           {"bits", int64_t{8}},
           {"block_size", int64_t{16}}},
          1e-05, {1, 2}),
      microsoft("bits_8_zero_points", "MatMulNBits",
                {tensor<float>({1, 20}, {0.12f,  0.33f,  -0.35f, 0.34f, 0.23f, 0.57f,  -0.04f,
                                         -0.95f, 0.07f,  0.72f,  0.28f, 0.29f, -0.22f, -0.29f,
                                         0.44f,  -0.84f, 0.73f,  0.75f, 0.92f, -0.73f}),
                 tensor<uint8_t>({2, 2, 16},
                                 {59,  21,  144, 42,  140, 24,  54,  85,  139, 5,   252, 50,  224,
                                  237, 124, 50,  59,  190, 212, 216, 241, 107, 141, 238, 235, 234,
                                  119, 110, 38,  0,   112, 62,  107, 125, 170, 213, 166, 1,   166,
                                  37,  219, 219, 103, 35,  175, 36,  167, 71,  142, 255, 171, 93,
                                  66,  45,  248, 86,  147, 7,   78,  71,  162, 51,  161, 57}),
                 tensor<float>({2, 2}, {0.06f, 0.09f, 0.02f, 0.05f}),
                 tensor<uint8_t>({2, 2}, {159, 5, 84, 116}), Tensor(),
                 tensor<float>({2}, {-0.77f, 0.79f})},
                {tensor<float>({1, 2}, {7.892201f, 13.9623995f})},
                {{"K", int64_t{20}},
                 {"N", int64_t{2}},
                 {"bits", int64_t{8}},
                 {"block_size", int64_t{16}}},
                1e-05, {1, 2, 3}),
      microsoft(
          "bits_4_float_zero_points", "MatMulNBits",
          {tensor<float>({1, 16}, {-0.2f, -0.46f, -0.24f, 0.32f, -0.68f, -0.03f, 0.32f, 0.44f,
                                   -0.98f, 0.62f, -0.13f, -0.13f, 0.12f, -0.44f, 0.77f, -0.58f}),
           tensor<uint8_t>({2, 1, 8}, {187, 43, 23, 140, 131, 132, 174, 255, 39, 132, 239, 138, 99,
                                       131, 104, 83}),
           tensor<float>({2, 1}, {0.5f, 0.25f}), tensor<float>({2, 1}, {7.5f, 3.0f})},
          {tensor<float>({1, 2}, {1.75f, -0.92499983f})},
          {{"K", int64_t{16}},
           {"N", int64_t{2}},
           {"bits", int64_t{4}},
           {"block_size", int64_t{16}}},
          1e-05, {1, 2, 3}),
      microsoft(
          "bnb4_0", "MatMulBnb4",
          {tensor<float>({2, 20}, {0.23f,  0.8f,  0.77f,  -0.73f, 0.25f, 0.79f,  -0.6f,  -0.17f,
                                   0.43f,  0.48f, -0.1f,  0.28f,  0.34f, -0.29f, 0.3f,   0.15f,
                                   0.39f,  0.02f, -0.33f, -0.13f, 0.84f, -0.62f, -0.7f,  -0.98f,
                                   0.7f,   0.98f, -0.53f, -0.47f, -0.6f, 0.2f,   -0.03f, 0.64f,
                                   -0.58f, 0.76f, -0.07f, 0.62f,  0.6f,  0.82f,  -0.0f,  0.22f}),
           tensor<uint8_t>({20}, {246, 199, 4,   43,  229, 50, 43, 165, 7,   182,
                                  159, 143, 103, 254, 71,  15, 31, 173, 183, 48}),
           tensor<float>({3}, {1.0f, 0.5f, 2.0f})},
          {tensor<float>({2, 2}, {0.47333336f, -1.5353906f, 0.045833405f, -1.3736459f})},
          {{"K", int64_t{20}},
           {"N", int64_t{2}},
           {"block_size", int64_t{16}},
           {"quant_type", int64_t{0}}},
          1e-05, {1, 2}),
      microsoft(
          "bnb4_1", "MatMulBnb4",
          {tensor<float>({2, 20}, {0.0f,   0.85f,  0.82f,  -0.96f, 0.33f, -0.35f, -0.73f, -0.72f,
                                   0.59f,  0.92f,  0.04f,  -0.23f, 0.02f, 0.66f,  0.49f,  -0.87f,
                                   -0.57f, 0.74f,  -0.01f, 0.32f,  0.56f, 0.27f,  0.47f,  0.09f,
                                   -0.54f, -0.63f, 0.99f,  -0.98f, 0.38f, 0.76f,  -0.54f, -0.9f,
                                   -0.2f,  -0.34f, -0.08f, -0.15f, 0.88f, -0.76f, 0.89f,  -0.91f}),
           tensor<uint8_t>({20}, {44,  19,  242, 236, 173, 99, 48,  240, 109, 160,
                                  217, 130, 138, 136, 63,  85, 174, 6,   181, 45}),
           tensor<float>({3}, {1.0f, 0.5f, 2.0f})},
          {tensor<float>({2, 2}, {1.3665435f, 0.48093942f, 1.2621765f, -0.97202736f})},
          {{"K", int64_t{20}},
           {"N", int64_t{2}},
           {"block_size", int64_t{16}},
           {"quant_type", int64_t{1}}},
          1e-05, {1, 2}),
      microsoft(
          "gather_4_bits", "GatherBlockQuantized",
          {tensor<uint8_t>(
               {3, 10}, {84,  86,  34,  186, 95,  248, 213, 13,  85, 187, 202, 0,   184, 81, 3,
                         249, 247, 171, 128, 114, 250, 243, 236, 95, 201, 221, 129, 173, 50, 97}),
           tensor<int64_t>({3}, {2, -3, 0}),
           tensor<float>({3, 2}, {0.5f, 0.25f, 1.0f, 2.0f, 0.1f, 0.3f}),
           tensor<uint8_t>({3, 1}, {8, 232, 217})},
          {tensor<float>(
              {3, 20},
              {0.1f,        0.6f,        -0.6f, 0.6f,  0.3f,  0.5f,  0.6f,  -0.4f,       0.0f,
               0.3f,        0.4f,        0.4f,  -0.8f, -0.1f, 0.4f,  0.1f,  -3.3000002f, -3.0f,
               -3.6000001f, -2.1000001f, -2.0f, -1.5f, -1.0f, -1.5f, -3.0f, -3.0f,       1.0f,
               1.5f,        3.5f,        -1.5f, 0.0f,  3.5f,  -1.5f, 2.5f,  2.5f,        -4.0f,
               1.25f,       1.25f,       2.75f, 2.75f, -2.0f, -1.5f, -1.0f, -1.5f,       -3.0f,
               -3.0f,       1.0f,        1.5f,  3.5f,  -1.5f, 0.0f,  3.5f,  -1.5f,       2.5f,
               2.5f,        -4.0f,       1.25f, 1.25f, 2.75f, 2.75f})},
          {{"block_size", int64_t{16}}}, 1e-06),
      microsoft("gather_8_bits", "GatherBlockQuantized",
                {tensor<uint8_t>(
                     {3, 18}, {184, 124, 127, 75,  36,  50,  110, 206, 76,  240, 23,  95,  126, 194,
                               70,  39,  236, 106, 1,   118, 94,  19,  181, 102, 8,   101, 75,  161,
                               49,  209, 26,  157, 94,  224, 240, 6,   244, 204, 90,  7,   20,  137,
                               95,  114, 163, 193, 237, 213, 50,  225, 64,  176, 246, 141}),
                 tensor<int32_t>({1, 1}, {1}),
                 tensor<float>({3, 2}, {0.5f, 0.25f, 1.0f, 2.0f, 0.1f, 0.3f})},
                {tensor<float>({1, 1, 18}, {-127.0f, -10.0f, -34.0f, -109.0f, 53.0f, -26.0f,
                                            -120.0f, -27.0f, -53.0f, 33.0f, -79.0f, 81.0f, -102.0f,
                                            29.0f, -34.0f, 96.0f, 224.0f, -244.0f})},
                {{"block_size", int64_t{16}}, {"bits", int64_t{8}}}, 1e-06),
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

// Whether the panels are kept or made in each run.
TEST(BlockWeights, MayChangeFromRunToRun) {
  for (OpCase c : cases()) {
    c.constants = {};
    run_case(c);
  }
}

TEST(BlockWeights, OfGroupsInAnyOrder) {
  OpCase c = named(cases(), "bits_4_float_zero_points");
  // Two blocks along K, whose elements are of the other group each: scales change places.
  auto with = [&](std::vector<float> scales, const Tensor& groups) {
    OpCase made = c;
    made.attributes["K"] = int64_t{32};
    made.attributes["N"] = int64_t{1};
    made.inputs = {pattern({2, 32}), c.inputs[1].reshaped({1, 2, 8}),
                   Tensor::from<float>({1, 2}, scales), Tensor(), groups};
    made.constants = {};
    return evaluate_case(made, made.inputs)[0];
  };
  Tensor groups = Tensor::allocate(DType::kInt32, {32});
  for (int k = 0; k < 32; ++k) groups.mutable_data<int32_t>()[k] = k < 16 ? 1 : 0;
  expect_equal(with({0.5f, 2.0f}, groups), with({2.0f, 0.5f}, Tensor()), 0, "exchanged");
  groups.mutable_data<int32_t>()[3] = 2;
  EXPECT_THROW(with({0.5f, 2.0f}, groups), Error);
  groups.mutable_data<int32_t>()[3] = -1;
  EXPECT_THROW(with({0.5f, 2.0f}, groups), Error);
}

TEST(BlockWeights, OfHalfPrecision) {
  for (OpCase c : cases()) {
    if (c.op == "GatherBlockQuantized") continue;
    for (DType dtype : {DType::kFloat16, DType::kBFloat16}) compare_half_kernels(c, dtype);
  }
}

TEST(BlockWeights, LeftOutGiveTheBias) {
  OpCase c = named(cases(), "bits_4_zero_points");
  c.inputs[1] = tensor<uint8_t>({3, 0, 8}, {});
  c.constants = {};
  Tensor y = evaluate_case(c, c.inputs)[0];
  expect_equal(y.reshaped({3}), c.inputs[5], 0, "Y");
}

TEST(BlockWeights, RefuseWhatDoesNotFit) {
  auto error_with = [](const char* attribute, int64_t value) {
    OpCase c = named(cases(), "bits_4");
    c.attributes[attribute] = value;
    return error_of(c);
  };
  EXPECT_NE(error_with("K", 21).find("does not fit"), std::string::npos);
  EXPECT_NE(error_with("N", 4).find("B is uint8"), std::string::npos);
  EXPECT_NE(error_with("N", int64_t{1} << 62).find("B has"), std::string::npos);
  EXPECT_NE(error_with("bits", 3).find("3 bits"), std::string::npos);
  EXPECT_NE(error_with("block_size", 24).find("no power of 2"), std::string::npos);
  EXPECT_NE(error_with("block_size", int64_t{1} << 62).find("no power of 2"), std::string::npos);
  OpCase c = named(cases(), "gather_4_bits");
  c.inputs[2] = tensor<float>({3, 1}, {1, 2, 3});
  EXPECT_NE(error_of(c).find("the scales are float32[3,1]"), std::string::npos) << error_of(c);
}

CONVOY_OP_CASES(BlockWeightCases, cases());

}  // namespace
}  // namespace convoy
