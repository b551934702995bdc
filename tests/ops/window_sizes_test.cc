// Output sizes of windows and resizes. Expected numbers: ONNX Runtime's, except where it refuses
// the node; then sums of one to three inputs.
#include "runtime/graph/resize_sizes.h"
#include "runtime/graph/window.h"
#include "tests/ops/window_operands.h"

namespace convoy {
namespace {

std::vector<OpCase> ceil_cases() {
  std::vector<OpCase> cases;
  Attributes padded{{"pads", Ints{1, 1}}};
  Attributes dilated{{"dilations", Ints{2}}};
  Attributes valid{{"auto_pad", std::string("VALID")}};
  for (int version : {10, 18, 22}) {
    auto add = [&](const char* name, const char* op, Tensor x, Tensor y, Attributes attributes) {
      cases.push_back({fmt::format("{}_{}", name, version),
                       op,
                       {std::move(x)},
                       {std::move(y)},
                       std::move(attributes),
                       version,
                       1e-6});
    };
    add("max_behind_the_input", "MaxPool", line(6), row({1, 4}), pool(1, 3));
    add("max_in_the_padding", "MaxPool", line(6), row({1, 4, 6}), pool(2, 3, padded));
    add("max_dilated", "MaxPool", line(8), row({5, 7, 7}), pool(3, 2, dilated));
    add("max_wider_than_the_input", "MaxPool", line(1), row({1}), pool(2, 2));
    add("max_valid", "MaxPool", line(5), row({2, 4, 5}), pool(2, 2, valid));
    add("average_in_the_padding", "AveragePool", line(6), row({1, 2.5f, 4.5f, 6}),
        pool(2, 2, padded));
    if (version >= 18) add("lp_behind_the_input", "LpPool", line(6), row({1, 4}), pool(1, 3));
  }
  Tensor square = tensor<float>({1, 1, 2, 2}, {1, 2, 3, 4});
  cases.push_back({"average_counts_padding",
                   "AveragePool",
                   {square},
                   {tensor<float>({1, 1, 1, 1}, {10.0f / 9})},
                   {{"kernel_shape", Ints{3, 3}},
                    {"strides", Ints{3, 3}},
                    {"pads", Ints{1, 1, 1, 1}},
                    {"ceil_mode", int64_t{1}},
                    {"count_include_pad", int64_t{1}}},
                   18,
                   1e-6});
  return cases;
}
CONVOY_OP_CASES(PoolCeilMode, ceil_cases());

std::vector<OpCase> auto_pad_cases() {
  Attributes pads{{"pads", Ints{1, 1}}};
  auto size = [](int64_t length, Attributes others = {}) {
    others["output_shape"] = Ints{length};
    others["strides"] = Ints{2};
    return others;
  };
  Attributes extra{{"output_padding", Ints{1}}};
  Attributes pooled{{"kernel_shape", Ints{3}}};
  pooled.insert(pads.begin(), pads.end());
  return {
      {"conv_valid", "Conv", {line(10), kOnes}, {row({6, 12, 18, 24})}, padding("VALID", pads)},
      {"conv_same", "Conv", {line(5), kOnes}, {row({3, 9, 9})}, padding("SAME_UPPER", pads)},
      {"pool_valid", "MaxPool", {line(6)}, {row({3, 5})}, padding("VALID", pooled)},
      {"pool_same", "MaxPool", {line(5)}, {row({2, 4, 5})}, padding("SAME_LOWER", pooled)},
      {"transpose_valid",
       "ConvTranspose",
       {line(3), kOnes},
       {row({1, 1, 3, 2, 5, 3, 3})},
       padding("VALID", pads)},
      {"transpose_same_upper",
       "ConvTranspose",
       {line(3), kOnes},
       {row({1, 1, 3, 2, 5, 3})},
       padding("SAME_UPPER", pads)},
      {"transpose_same_lower",
       "ConvTranspose",
       {line(3), kOnes},
       {row({1, 3, 2, 5, 3, 3})},
       padding("SAME_LOWER")},
      {"transpose_to_size", "ConvTranspose", {line(3), kOnes}, {row({3, 2, 5, 3})}, size(4, pads)},
      {"transpose_to_size_padded",
       "ConvTranspose",
       {line(3), kOnes},
       {row({1, 3, 2, 5, 3, 3, 0})},
       size(7, extra)},
      {"transpose_to_whole_shape",
       "ConvTranspose",
       {line(3), kOnes},
       {row({3, 2, 5, 3})},
       {{"output_shape", Ints{1, 1, 4}}, {"strides", Ints{2}}}},
  };
}
CONVOY_OP_CASES(AutoPadding, auto_pad_cases());

std::vector<OpCase> factor_cases() {
  auto of = [](const char* mode, const char* coordinates, const char* nearest) {
    return Attributes{{"mode", std::string(mode)},
                      {"coordinate_transformation_mode", std::string(coordinates)},
                      {"nearest_mode", std::string(nearest)}};
  };
  auto by = [](float factor) { return tensor<float>({3}, {1, 1, factor}); };
  return {
      {"by_0_4",
       "Resize",
       {line(20, 0), {}, by(0.4f)},
       {row({0, 2, 5, 7, 10, 12, 15, 17})},
       of("nearest", "asymmetric", "floor"),
       18},
      {"by_0_7",
       "Resize",
       {line(10, 0), {}, by(0.7f)},
       {row({0, 2, 3, 4, 6, 7, 9})},
       of("nearest", "half_pixel", "round_prefer_floor"),
       18},
      {"by_0_6",
       "Resize",
       {line(10, 0), {}, by(0.6f)},
       {row({0, 2, 4, 5, 7, 9})},
       of("nearest", "half_pixel", "round_prefer_ceil"),
       18},
      {"by_1_4",
       "Resize",
       {line(10, 0), {}, by(1.4f)},
       {row({0, 1, 2, 3, 3, 4, 5, 5, 6, 7, 8, 8, 9, 9})},
       of("nearest", "asymmetric", "ceil"),
       18},
      {"linear_by_0_7",
       "Resize",
       {line(10, 0), {}, by(0.7f)},
       {row({0.21428573f, 1.642857f, 3.0714285f, 4.5f, 5.928572f, 7.357143f, 8.785714f})},
       of("linear", "half_pixel", "floor"),
       18,
       1e-6},
      {"symmetric",
       "Resize",
       {line(10, 0), {}, by(0.75f)},
       {row({0.5f, 1.8333333f, 3.1666667f, 4.5f, 5.8333333f, 7.1666665f, 8.5f})},
       of("linear", "half_pixel_symmetric", "floor"),
       19,
       1e-6},
      {"pytorch_of_one",
       "Resize",
       {line(4, 0), {}, by(0.4f)},
       {row({0})},
       of("linear", "pytorch_half_pixel", "floor"),
       18},
      {"resize_10", "Resize", {line(10, 0), by(0.7f)}, {row({0, 2, 3, 5, 6, 8, 9})}, {}, 10},
      {"upsample_9", "Upsample", {line(5, 0), by(1.4f)}, {row({0, 0, 1, 2, 2, 3, 4})}, {}, 9},
      {"halves_up_to_rounding",
       "Resize",
       {line(26, 0), {}, {}, tensor<int64_t>({3}, {1, 1, 32})},
       {row({0,  1,  2,  2,  3,  4,  5,  6,  7,  7,  8,  9,  10, 11, 11, 12,
             13, 14, 15, 15, 16, 17, 18, 19, 20, 20, 21, 22, 23, 24, 24, 25})},
       of("nearest", "asymmetric", "round_prefer_ceil"),
       18},
      {"by_1_1_to_the_same_size",
       "Resize",
       {line(8, 0), {}, by(1.1f)},
       {line(8, 0)},
       of("linear", "asymmetric", "floor"),
       18},
      {"upsample_7",
       "Upsample",
       {line(10, 0)},
       {row({0, 1, 2, 4, 5, 7, 8})},
       {{"scales", std::vector<float>{1, 1, 0.7f}}},
       7},
  };
}
CONVOY_OP_CASES(ResizeFactors, factor_cases());

// --- the arithmetic itself ---

TEST(WindowSizes, PaddingToTheSameSizeLeavesOneWindowAStride) {
  for (int64_t input = 1; input <= 20; ++input) {
    for (int64_t stride = 1; stride <= 4; ++stride) {
      for (int64_t kernel = 1; kernel <= 5; ++kernel) {
        AxisWindow window{kernel, stride, 2, 0, 0};
        pad_to_same(window, input, true);
        EXPECT_EQ(window_count(window, input, false), (input + stride - 1) / stride);
        EXPECT_EQ(window_count(window, input, true), (input + stride - 1) / stride);
        EXPECT_LE(window.pad_end - window.pad_begin, 1);
      }
    }
  }
}

TEST(WindowSizes, CountsTheWindowsThatStartInsideTheInput) {
  for (int64_t input = 1; input <= 12; ++input) {
    for (int64_t stride = 1; stride <= 4; ++stride) {
      for (int64_t pad = 0; pad < 3; ++pad) {
        AxisWindow window{3, stride, 1, pad, pad};
        int64_t whole = 0, begun = 0;
        for (int64_t start = -pad; start < input; start += stride) {
          whole += start + 3 <= input + pad ? 1 : 0;
          begun += start == -pad || start - stride + 3 < input + pad ? 1 : 0;
        }
        if (input + 2 * pad < 3) continue;
        EXPECT_EQ(window_count(window, input, false), whole);
        EXPECT_EQ(window_count(window, input, true), begun);
      }
    }
  }
}

TEST(WindowSizes, SizesNearTheEndOfTheirRangeAreErrors) {
  AxisWindow window{1 << 30, 1, 1 << 30, 1 << 20, 1 << 20};
  EXPECT_THROW(window_count(window, kHuge, true), Error);
  EXPECT_THROW(window_count(window, -1, false), Error);
  EXPECT_EQ(window_count({1, 1, 1, 0, 0}, int64_t{1} << 60, true), int64_t{1} << 60);
  EXPECT_THROW(scaled_size(kHuge, 1.5f), Error);
}

TEST(ResizeSizes, AreProductsOfFloat32) {
  EXPECT_EQ(scaled_size(10, 0.7f), 7);
  EXPECT_EQ(scaled_size(20, 0.4f), 8);
  EXPECT_EQ(scaled_size(10, 1.4f), 14);
  EXPECT_EQ(scaled_size(7, 1.0f), 7);
  EXPECT_EQ(scaled_size(3, 1.5f), 4);
  EXPECT_EQ(factors_of({5, 6}, {7, 7}, "not_larger").sizes, (Ints{6, 7}));
  EXPECT_EQ(factors_of({5, 6}, {7, 7}, "not_smaller").sizes, (Ints{7, 8}));
  EXPECT_EQ(factors_of({5, 6}, {8, 3}, "not_smaller").sizes, (Ints{8, 10}));
}

// The reach of the last window is the largest number but two; the padding leads beyond it and back.
TEST(WindowSizes, PaddingOfAResultAsLongAsCanBe) {
  TransposedAttributes attributes;
  attributes.window.strides = {4};
  attributes.window.pads = {-(1 << 24), 1 << 24};
  SizedWindow window = transposed_axis(attributes, 0, 1, int64_t{1} << 61, 2);
  EXPECT_EQ(window.pad_end, 1 << 24);
}

}  // namespace
}  // namespace convoy
