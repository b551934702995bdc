// Output sizes of windows and resizes, and what becomes of numbers that make no sense. Expected
// numbers: ONNX Runtime's, except where it refuses the node; then sums of one to three inputs.
#include <limits>

#include "runtime/graph/resize_sizes.h"
#include "runtime/graph/window.h"
#include "tests/ops/op_case.h"

namespace convoy {
namespace {

using Ints = std::vector<int64_t>;
constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
const Tensor kWanted = Tensor::zeros(DType::kFloat32, {1});  // only tells that Y is wanted

// `first`, first + 1, … along the last of three axes.
Tensor line(int64_t count, float first = 1) {
  Tensor result = Tensor::allocate(DType::kFloat32, {1, 1, count});
  for (int64_t i = 0; i < count; ++i) {
    result.mutable_data<float>()[i] = first + static_cast<float>(i);
  }
  return result;
}

Tensor row(std::initializer_list<float> values) {
  return tensor<float>({1, 1, static_cast<int64_t>(values.size())}, values);
}

const Tensor kOnes = row({1, 1, 1});

Attributes pool(int64_t kernel, int64_t stride, Attributes others = {}) {
  others["kernel_shape"] = Ints{kernel};
  others["strides"] = Ints{stride};
  others["ceil_mode"] = int64_t{1};
  return others;
}

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

Attributes padding(const char* name, Attributes others = {}) {
  others["auto_pad"] = std::string(name);
  others["strides"] = Ints{2};
  return others;
}

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

// --- errors ---

struct BadCase {
  std::string name;
  std::string op;
  std::vector<Tensor> inputs;
  Attributes attributes;
  std::string reason;  // part of the message
  int version = 21;
};

void PrintTo(const BadCase& c, std::ostream* out) { *out << c.name; }

Tensor ints(std::initializer_list<int64_t> values) {
  return tensor<int64_t>({static_cast<int64_t>(values.size())}, values);
}

void add_bad_windows(std::vector<BadCase>& cases) {
  const Tensor indices = tensor<int64_t>({1, 1, 3}, {0, 1, 2});
  for (const char* op :
       {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "MaxUnpool"}) {
    bool pools = std::string(op).ends_with("ool");
    auto add = [&](const char* name, const char* attribute, AttributeValue value,
                   const char* reason) {
      std::vector<Tensor> inputs = {line(3), kOnes};
      if (pools) inputs = {line(3)};
      if (op == std::string("MaxUnpool")) inputs = {line(3), indices};
      Attributes attributes{{"kernel_shape", Ints{3}}};
      attributes[attribute] = std::move(value);
      cases.push_back(
          {fmt::format("{}_{}", op, name), op, std::move(inputs), std::move(attributes), reason});
    };
    add("stride_0", "strides", Ints{0}, "strides has an entry of 0");
    add("stride_negative", "strides", Ints{-1}, "strides has an entry of -1");
    add("strides_of_two", "strides", Ints{1, 1}, "strides has 2 entries");
    add("stride_huge", "strides", Ints{kHuge}, "strides has an entry");
    add("pads_huge", "pads", Ints{kHuge, kHuge}, "pads has an entry");
    add("pads_lowest", "pads", Ints{-kHuge - 1, 0}, "pads has an entry");
    add("pads_of_one", "pads", Ints{1}, "pads has 1 entries");
    add("kernel_of_two", "kernel_shape", Ints{1, 1}, "kernel");
    add("kernel_0", "kernel_shape", Ints{0}, "kernel");
    add("kernel_huge", "kernel_shape", Ints{kHuge}, "kernel");
    if (op == std::string("MaxUnpool")) continue;
    add("auto_pad", "auto_pad", std::string("ALL"), "auto_pad is 'ALL'");
    add("dilation_0", "dilations", Ints{0}, "dilations has an entry of 0");
    add("dilation_lowest", "dilations", Ints{-kHuge - 1}, "dilations has an entry");
    if (pools) continue;
    add("group_0", "group", int64_t{0}, "group");
    add("group_negative", "group", int64_t{-1}, "group");
  }
}

void add_short_inputs(std::vector<BadCase>& cases) {
  auto conv = [](int64_t taps) { return Tensor::zeros(DType::kFloat32, {1, 1, taps}); };
  cases.push_back({"conv_short",
                   "Conv",
                   {line(100), conv(400)},
                   {{"strides", Ints{160}}},
                   "an input of length 100 is shorter than the window of 400"});
  cases.push_back({"conv_short_by_one",
                   "Conv",
                   {line(2), conv(3)},
                   {{"strides", Ints{2}}},
                   "an input of length 2 is shorter than the window of 3"});
  cases.push_back({"conv_short_padded",
                   "Conv",
                   {line(2), conv(9)},
                   {{"pads", Ints{1, 3}}},
                   "an input of length 2, 6 with its padding, is shorter than the window of 9"});
  cases.push_back({"conv_short_dilated",
                   "Conv",
                   {line(4), conv(3)},
                   {{"dilations", Ints{2}}},
                   "an input of length 4 is shorter than the window of 5"});
  for (const char* op : {"MaxPool", "AveragePool", "LpPool"}) {
    cases.push_back({fmt::format("{}_short", op),
                     op,
                     {line(2)},
                     {{"kernel_shape", Ints{3}}, {"strides", Ints{2}}},
                     "an input of length 2 is shorter than the window of 3"});
    cases.push_back({fmt::format("{}_short_ceil", op),
                     op,
                     {line(1)},
                     pool(4, 2),
                     "an input of length 1 is shorter than the window of 4"});
    cases.push_back({fmt::format("{}_empty", op),
                     op,
                     {line(0)},
                     {{"kernel_shape", Ints{1}}},
                     "an input of length 0 is shorter than the window of 1"});
  }
  cases.push_back({"conv_same_of_nothing",
                   "Conv",
                   {line(0), kOnes},
                   padding("SAME_UPPER"),
                   "an input of length 0"});
  cases.push_back(
      {"transpose_of_nothing", "ConvTranspose", {line(0), kOnes}, {}, "an input of length 0"});
  cases.push_back({"transpose_cut_away",
                   "ConvTranspose",
                   {line(1), kOnes},
                   {{"pads", Ints{2, 1}}},
                   "gives an output of length 0"});
  cases.push_back({"transpose_to_negative",
                   "ConvTranspose",
                   {line(1), kOnes},
                   {{"output_shape", Ints{-4}}},
                   "output_shape has an entry of -4"});
  cases.push_back({"transpose_extra_negative",
                   "ConvTranspose",
                   {line(1), kOnes},
                   {{"output_padding", Ints{-4}}},
                   "output_padding has an entry of -4"});
  cases.push_back({"global_of_nothing", "GlobalAveragePool", {line(0)}, {}, "a size of 0"});
  cases.push_back(
      {"lp_p_0", "LpPool", {line(4)}, {{"kernel_shape", Ints{1}}, {"p", int64_t{0}}}, "p is 0"});
}

void add_bad_resizes(std::vector<BadCase>& cases) {
  auto scale = [&](const char* name, float factor, const char* reason) {
    cases.push_back(
        {name, "Resize", {line(4), {}, tensor<float>({3}, {1, 1, factor})}, {}, reason});
    cases.push_back({fmt::format("upsample_{}", name),
                     "Upsample",
                     {line(4), tensor<float>({3}, {1, 1, factor})},
                     {},
                     reason,
                     9});
  };
  scale("scale_0", 0, "scaled by 0");
  scale("scale_negative", -2, "scaled by -2");
  scale("scale_nan", std::numeric_limits<float>::quiet_NaN(), "scaled by nan");
  scale("scale_infinite", std::numeric_limits<float>::infinity(), "scaled by inf");
  scale("scale_huge", 1e30f, "a size of");
  auto resize = [&](const char* name, Tensor sizes, Attributes attributes, const char* reason) {
    cases.push_back(
        {name, "Resize", {line(4), {}, {}, std::move(sizes)}, std::move(attributes), reason});
  };
  resize("sizes_negative", ints({1, 1, -3}), {}, "a size of -3");
  resize("sizes_few", ints({1, 1}), {}, "2 sizes for 3 axes");
  resize("axis_outside", ints({3}), {{"axes", Ints{3}}}, "axis 3 of a tensor of 3 axes");
  resize("axis_lowest", ints({3}), {{"axes", Ints{-kHuge - 1}}}, "of a tensor of 3 axes");
  resize("axis_twice", ints({3, 3}), {{"axes", Ints{2, -1}}}, "axis -1 is named twice");
  resize("policy", ints({1, 1, 3}), {{"keep_aspect_ratio_policy", std::string("any")}},
         "keep_aspect_ratio_policy is 'any'");
  resize("nothing_given", Tensor::from_int64s(Ints{}), {}, "neither scales nor sizes");
  cases.push_back({"both_given",
                   "Resize",
                   {line(4), {}, tensor<float>({3}, {1, 1, 2}), ints({1, 1, 8})},
                   {},
                   "scales and sizes are given"});
  cases.push_back({"few_scales",
                   "Upsample",
                   {line(4)},
                   {{"scales", std::vector<float>{1, 2}}},
                   "2 scales for 3 axes",
                   7});
  cases.push_back({"upsample_1_of_three_axes",
                   "Upsample",
                   {line(4)},
                   {{"height_scale", 2.0f}, {"width_scale", 2.0f}},
                   "4 scales for 3 axes",
                   1});
}

void add_bad_regions(std::vector<BadCase>& cases) {
  Tensor image = Tensor::zeros(DType::kFloat32, {1, 1, 4, 4});
  Tensor rois = Tensor::zeros(DType::kFloat32, {1, 4});
  Tensor numbered = Tensor::zeros(DType::kFloat32, {1, 5});
  auto align = [&](const char* name, Tensor x, Attributes attributes, const char* reason) {
    cases.push_back(
        {name, "RoiAlign", {std::move(x), rois, ints({0})}, std::move(attributes), reason});
  };
  align("roi_height_0", image, {{"output_height", int64_t{0}}}, "an output of 0 by 1");
  align("roi_width_negative", image, {{"output_width", int64_t{-1}}}, "an output of 1 by -1");
  align("roi_of_three_axes", line(4), {}, "X has 3 axes, rois 2");
  for (Ints pooled : {Ints{}, Ints{1}, Ints{0, 1}, Ints{1, -1}, Ints{1, 1, 1}}) {
    cases.push_back({fmt::format("roi_pool_{}", cases.size()),
                     "MaxRoiPool",
                     {image, numbered},
                     {{"pooled_shape", pooled}},
                     "no pair of positive numbers"});
  }
}

std::vector<BadCase> bad_cases() {
  std::vector<BadCase> cases;
  add_bad_regions(cases);
  add_bad_windows(cases);
  add_short_inputs(cases);
  add_bad_resizes(cases);
  auto columns = [&](const char* name, Tensor image, Tensor block, Attributes attributes,
                     const char* reason) {
    cases.push_back({name,
                     "Col2Im",
                     {line(4), std::move(image), std::move(block)},
                     std::move(attributes),
                     reason});
  };
  columns("block_0", ints({4}), ints({0}), {}, "the kernel has a size of 0");
  columns("image_negative", ints({-4}), ints({1}), {}, "length -4");
  columns("block_of_two", ints({4}), ints({1, 1}), {}, "a kernel of 2 axes");
  columns("columns_stride_0", ints({4}), ints({1}), {{"strides", Ints{0}}}, "strides");
  columns("columns_do_not_fit", ints({5}), ints({1}), {}, "do not fit 5 positions");
  return cases;
}

class BadWindows : public testing::TestWithParam<BadCase> {};

TEST_P(BadWindows, AreOneClearError) {
  const BadCase& bad = GetParam();
  OpCase c{bad.name, bad.op, bad.inputs, {kWanted}, bad.attributes, bad.version};
  try {
    evaluate_case(c, c.inputs);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find(bad.reason), std::string::npos) << error.what();
    EXPECT_EQ(error.context().op_type, bad.op);
  }
}
INSTANTIATE_TEST_SUITE_P(Cases, BadWindows, testing::ValuesIn(bad_cases()),
                         [](const auto& tested) { return tested.param.name; });

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

}  // namespace
}  // namespace convoy
