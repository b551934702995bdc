// Expected numbers are onnxruntime's.
#include "tests/ops/composed_case.h"
#include "tests/ops/microsoft_case.h"

namespace convoy {
namespace {

using Ints = std::vector<int64_t>;

std::vector<OpCase> cases() {
  return {
      microsoft("softmax_of_opset_11", "QLinearSoftmax",
                {tensor<uint8_t>({2, 2, 2}, {248, 194, 190, 207, 147, 26, 237, 21}),
                 tensor<float>({}, {0.03f}), tensor<uint8_t>({}, {120}),
                 tensor<float>({}, {0.004f}), tensor<uint8_t>({}, {0})},
                {tensor<uint8_t>({2, 2, 2}, {149, 30, 26, 44, 16, 0, 233, 0})},
                {{"axis", int64_t{1}}, {"opset", int64_t{11}}}),
      microsoft("softmax_of_opset_13", "QLinearSoftmax",
                {tensor<uint8_t>({2, 2, 2}, {245, 211, 239, 45, 5, 157, 159, 60}),
                 tensor<float>({}, {0.03f}), tensor<uint8_t>({}, {120}),
                 tensor<float>({}, {0.004f}), tensor<uint8_t>({}, {0})},
                {tensor<uint8_t>({2, 2, 2}, {136, 247, 113, 2, 2, 236, 247, 13})},
                {{"axis", int64_t{1}}, {"opset", int64_t{13}}}),
      microsoft(
          "average_pool", "QLinearAveragePool",
          {tensor<uint8_t>({1, 2, 4, 3}, {54, 236, 109, 46,  199, 82, 32, 205, 36,  7,   134, 222,
                                          57, 146, 8,   149, 14,  15, 22, 10,  144, 208, 24,  24}),
           tensor<float>({}, {0.03f}), tensor<uint8_t>({}, {120}), tensor<float>({}, {0.02f}),
           tensor<uint8_t>({}, {125})},
          {tensor<uint8_t>({1, 2, 2, 3}, {162, 144, 204, 126, 95, 141, 97, 51, 60, 18, 34, 14})},
          {{"kernel_shape", Ints{2, 3}}, {"pads", Ints{1, 1, 0, 1}}, {"strides", Ints{2, 1}}}),
      microsoft("average_pool_channels_last", "QLinearAveragePool",
                {tensor<uint8_t>({1, 3, 3, 2}, {7, 41, 11, 85, 59, 104, 225, 110, 226, 201, 8, 159,
                                                26, 27, 163, 122, 33, 41}),
                 tensor<float>({}, {0.03f}), tensor<uint8_t>({}, {120}), tensor<float>({}, {0.03f}),
                 tensor<uint8_t>({}, {100})},
                {tensor<uint8_t>({1, 3, 3, 2}, {97, 89, 56, 117, 57, 106, 140, 95, 88, 111, 50, 90,
                                                87, 77, 89, 81, 78, 80})},
                {{"kernel_shape", Ints{2, 2}},
                 {"count_include_pad", int64_t{1}},
                 {"pads", Ints{0, 0, 1, 1}},
                 {"channels_last", int64_t{1}}}),
      microsoft(
          "global_average_pool", "QLinearGlobalAveragePool",
          {tensor<int8_t>({1, 2, 3, 2}, {-88, 49, 60, -120, -99, -13, -28, 99, 4, -21, -18, 42}),
           tensor<float>({}, {0.03f}), tensor<int8_t>({}, {-9}), tensor<float>({}, {0.03f}),
           tensor<int8_t>({}, {-9})},
          {tensor<int8_t>({1, 2, 1, 1}, {-35, 13})}, {}),
      microsoft(
          "global_average_pool_channels_last", "QLinearGlobalAveragePool",
          {tensor<uint8_t>({1, 3, 2, 2}, {97, 110, 56, 150, 74, 193, 62, 44, 238, 239, 226, 188}),
           tensor<float>({}, {0.03f}), tensor<uint8_t>({}, {120}), tensor<float>({}, {0.02f}),
           tensor<uint8_t>({}, {125})},
          {tensor<uint8_t>({1, 1, 1, 2}, {133, 176})}, {{"channels_last", int64_t{1}}}),
      microsoft("max_pool", "NhwcMaxPool",
                {tensor<uint8_t>({1, 3, 4, 2},
                                 {14, 205, 185, 193, 73, 238, 205, 244, 160, 110, 68, 201,
                                  79, 104, 193, 72,  88, 197, 234, 81,  148, 48,  7,  166})},
                {tensor<uint8_t>({1, 2, 2, 2}, {185, 205, 205, 244, 234, 201, 193, 166})},
                {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{1, 2}}}),
      microsoft("conv_channels_first", "QLinearConv",
                {tensor<uint8_t>({1, 2, 3, 3}, {231, 18, 163, 62, 14, 192, 167, 120, 115, 81, 186,
                                                48, 107, 123, 245, 197, 52, 123}),
                 tensor<float>({}, {0.03f}), tensor<uint8_t>({}, {120}),
                 tensor<int8_t>({2, 2, 2, 2}, {19, 25, 47, -27, 56, -64, -55, 60, 56, -26, -47, -24,
                                               -59, 50, 20, 10}),
                 tensor<float>({2}, {0.02f, 0.03f}), tensor<int8_t>({2}, {0, 0}),
                 tensor<float>({}, {0.2f}), tensor<uint8_t>({}, {120}),
                 tensor<int32_t>({2}, {100, -200})},
                {tensor<uint8_t>({1, 2, 3, 3}, {103, 144, 100, 88, 108, 144, 149, 108, 121, 207, 75,
                                                145, 115, 106, 105, 95, 138, 117})},
                {{"channels_last", int64_t{0}}, {"pads", Ints{0, 0, 1, 1}}}),
      microsoft("conv_channels_last", "QLinearConv",
                {tensor<uint8_t>({1, 3, 3, 2}, {134, 170, 193, 251, 196, 180, 7, 39, 127, 55, 86,
                                                11, 33, 133, 65, 161, 29, 113}),
                 tensor<float>({}, {0.03f}), tensor<uint8_t>({}, {120}),
                 tensor<int8_t>({2, 2, 2, 2}, {19, 25, 47, -27, 56, -64, -55, 60, 56, -26, -47, -24,
                                               -59, 50, 20, 10}),
                 tensor<float>({2}, {0.02f, 0.03f}), tensor<int8_t>({2}, {0, 0}),
                 tensor<float>({}, {0.2f}), tensor<uint8_t>({}, {120}),
                 tensor<int32_t>({2}, {100, -200})},
                {tensor<uint8_t>({1, 3, 3, 2}, {95, 143, 135, 99, 148, 120, 111, 124, 120, 142, 88,
                                                158, 106, 109, 119, 103, 114, 98})},
                {{"channels_last", int64_t{1}}, {"pads", Ints{0, 0, 1, 1}}}),
      microsoft("to_float", "MatMulIntegerToFloat",
                {tensor<uint8_t>({2, 3}, {94, 225, 238, 64, 153, 31}),
                 tensor<int8_t>({3, 2}, {13, 20, 2, 55, 54, -38}), tensor<float>({}, {0.02f}),
                 tensor<float>({2}, {0.01f, 0.03f}), tensor<uint8_t>({}, {9}),
                 tensor<int8_t>({2}, {1, 2}), tensor<float>({2}, {0.26f, -0.4f})},
                {tensor<float>({2, 2}, {2.9345999f, 1.8907999f, 0.654f, 4.2451997f})}, {}, 1e-06),
      microsoft("dynamic", "DynamicQuantizeMatMul",
                {tensor<float>({2, 3}, {0.48f, 0.44f, -0.56f, 0.66f, 0.32f, 0.37f}),
                 tensor<int8_t>({3, 2}, {-36, 40, 52, -10, 58, 33}), tensor<float>({}, {0.02f}),
                 tensor<int8_t>({}, {4}), tensor<float>({2}, {0.76f, -0.8f})},
                {tensor<float>({2, 2}, {0.19525957f, -0.9034369f, 0.93740237f, -0.20071685f})}, {},
                1e-06),
      microsoft(
          "gemm", "QGemm",
          {tensor<uint8_t>({2, 3}, {44, 134, 234, 151, 242, 106}), tensor<float>({}, {0.02f}),
           tensor<uint8_t>({}, {9}), tensor<int8_t>({3, 2}, {20, -14, 51, -3, -15, -46}),
           tensor<float>({}, {0.03f}), tensor<int8_t>({}, {1}), tensor<int32_t>({2}, {50, -60}),
           tensor<float>({}, {0.1f}), tensor<uint8_t>({}, {120})},
          {tensor<uint8_t>({2, 2}, {140, 50, 197, 74})}, {}),
      microsoft("gemm_turned", "QGemm",
                {tensor<uint8_t>({3, 2}, {134, 199, 107, 54, 166, 17}), tensor<float>({}, {0.02f}),
                 tensor<uint8_t>({}, {9}), tensor<int8_t>({2, 3}, {38, -27, 16, 47, -46, -29}),
                 tensor<float>({2}, {0.03f, 0.04f}), tensor<int8_t>({2}, {0, 1}),
                 tensor<int32_t>({2, 2}, {50, -60, 1, 2}), tensor<float>({}, {0.1f}),
                 tensor<uint8_t>({}, {120})},
                {tensor<uint8_t>({2, 2}, {134, 105, 138, 146})},
                {{"transA", int64_t{1}}, {"transB", int64_t{1}}, {"alpha", 0.5f}}),
      microsoft("gemm_to_float", "QGemm",
                {tensor<uint8_t>({2, 3}, {135, 119, 45, 134, 0, 195}), tensor<float>({}, {0.02f}),
                 tensor<uint8_t>({}, {9}), tensor<int8_t>({3, 2}, {-14, -13, -48, 14, 55, -39}),
                 tensor<float>({}, {0.03f}), tensor<int8_t>({}, {1})},
                {tensor<float>({2, 2}, {-3.2015998f, -1.0644f, 5.166f, -5.5842f})}, {}, 1e-06),
      microsoft("quantize_16_bits", "QuantizeLinear",
                {tensor<float>({2, 3}, {-0.64f, 0.49f, 0.5f, 0.13f, 0.84f, -0.59f}),
                 tensor<float>({}, {0.001f}), tensor<int16_t>({}, {-5})},
                {tensor<int16_t>({2, 3}, {-645, 485, 495, 125, 835, -595})}, {}),
      microsoft("dequantize_by_axis", "DequantizeLinear",
                {tensor<int8_t>({2, 3}, {-64, 89, 22, -85, 98, 118}),
                 tensor<float>({3}, {0.5f, 0.25f, 0.125f}), tensor<int8_t>({3}, {1, -2, 0})},
                {tensor<float>({2, 3}, {-32.5f, 22.75f, 2.75f, -43.0f, 25.0f, 14.75f})},
                {{"axis", int64_t{-1}}}),
      microsoft(
          "lstm", "DynamicQuantizeLSTM",
          {tensor<float>({2, 2, 2}, {-0.83f, -0.53f, 0.6f, 0.16f, -0.81f, -0.13f, -0.04f, -0.68f}),
           tensor<uint8_t>({2, 2, 8}, {50, 179, 0,   177, 137, 63,  13,  188, 255, 64,  94,
                                       8,  8,   156, 25,  29,  157, 146, 190, 115, 219, 135,
                                       39, 100, 237, 127, 72,  227, 168, 21,  73,  132}),
           tensor<uint8_t>({2, 2, 8}, {16,  153, 140, 107, 80,  163, 61,  110, 47,  229, 148,
                                       170, 97,  110, 56,  150, 74,  193, 62,  44,  238, 239,
                                       226, 188, 14,  205, 185, 193, 73,  238, 205, 244}),
           tensor<float>({2, 16}, {-0.43f, 0.3f,  0.39f,  -0.41f, -1.0f,  0.95f, -0.4f,  -0.37f,
                                   0.78f,  0.17f, -0.06f, 0.55f,  -0.94f, 0.41f, -0.25f, -0.82f,
                                   0.32f,  0.86f, -0.59f, 0.26f,  -0.4f,  0.48f, 0.44f,  -0.56f,
                                   0.66f,  0.32f, 0.37f,  0.64f,  -0.14f, 0.52f, 0.76f,  -0.8f}),
           tensor<int32_t>({2}, {2, 1}),
           tensor<float>({2, 2, 2}, {0.7f, -0.21f, -0.04f, -0.71f, 0.4f, -0.42f, 0.74f, -0.45f}),
           tensor<float>({2, 2, 2}, {0.12f, -0.2f, 0.23f, -0.61f, -0.64f, 0.49f, 0.5f, 0.13f}),
           tensor<float>({2, 6}, {0.84f, -0.59f, 0.7f, -0.66f, 0.93f, 0.25f, 0.21f, 0.94f, 0.57f,
                                  0.58f, -0.89f, -0.26f}),
           tensor<float>({2}, {0.01f, 0.02f}), tensor<uint8_t>({2}, {120, 130}),
           tensor<float>({2, 8}, {0.006f, 0.008f, 0.008f, 0.018f, 0.007f, 0.009f, 0.012f, 0.018f,
                                  0.019f, 0.016f, 0.008f, 0.013f, 0.016f, 0.006f, 0.015f, 0.011f}),
           tensor<uint8_t>({2, 8}, {128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
                                    128, 128, 128})},
          {tensor<float>({2, 2, 2, 2},
                         {0.15613584f, -0.35450104f, -0.11737261f, -0.45183054f, 0.1634373f,
                          -0.23475865f, 0.37523952f, -0.2211467f, 0.29504016f, -0.45575354f, 0.0f,
                          0.0f, 0.086198166f, -0.13107653f, 0.0f, 0.0f}),
           tensor<float>({2, 2, 2}, {0.29504016f, -0.45575354f, -0.11737261f, -0.45183054f,
                                     0.1634373f, -0.23475865f, 0.37523952f, -0.2211467f}),
           tensor<float>({2, 2, 2}, {0.37402806f, -1.1338696f, -0.40965235f, -0.97016823f,
                                     0.44696638f, -0.7401364f, 0.83781755f, -0.70905364f})},
          {{"hidden_size", int64_t{2}}, {"direction", std::string("bidirectional")}}, 1e-05,
          {1, 2}),
      // By definition: means of 30, 42, 127.33 and 63.33, less 120, times 1.5, plus 125.
      microsoft("reduce_mean", "QLinearReduceMean",
                {tensor<uint8_t>({2, 3, 2}, {10, 20, 30, 41, 50, 65, 255, 0, 7, 100, 120, 90}),
                 tensor<float>({}, {0.03f}), tensor<uint8_t>({}, {120}), tensor<float>({}, {0.02f}),
                 tensor<uint8_t>({}, {125})},
                {tensor<uint8_t>({2, 2}, {0, 8, 136, 40})},
                {{"axes", Ints{1}}, {"keepdims", int64_t{0}}}),
      microsoft("no_zero_points_keep_the_type", "QLinearGlobalAveragePool",
                {tensor<int8_t>({1, 2, 2, 1}, {1, 3, -5, -7}), tensor<float>({}, {0.5f}), Tensor(),
                 tensor<float>({}, {0.25f}), Tensor()},
                {tensor<int8_t>({1, 2, 1, 1}, {4, -12})}),
  };
}

class QuantizedCompositions : public testing::TestWithParam<OpCase> {};

TEST_P(QuantizedCompositions, AreWhatTheyMean) { run_composed_case(GetParam(), 1); }

INSTANTIATE_TEST_SUITE_P(Cases, QuantizedCompositions, testing::ValuesIn(cases()),
                         [](const auto& tested) { return tested.param.name; });

TEST(QuantizedCompositions, NameAnUnknownAttribute) {
  for (OpCase c : cases()) {
    c.attributes["surprise"] = int64_t{1};
    try {
      run_composed_case(c);
      FAIL() << c.name << " took the attribute";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("'surprise'"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace convoy
