// Numbers of windows, resizes and regions that make no sense: each is one clear error.
#include <limits>

#include "tests/ops/window_operands.h"

namespace convoy {
namespace {

const Tensor kWanted = Tensor::zeros(DType::kFloat32, {1});  // only tells that Y is wanted

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

}  // namespace
}  // namespace convoy
