// Resize, Upsample and Pad. Expected numbers: ONNX's formulas of Resize-19 by hand, NumPy's pad.
#include <limits>

#include "tests/ops/op_case.h"

namespace convoy {
namespace {

Tensor ints(std::initializer_list<int64_t> values) {
  return tensor<int64_t>({static_cast<int64_t>(values.size())}, values);
}

Tensor floats(std::initializer_list<float> values) {
  return tensor<float>({static_cast<int64_t>(values.size())}, values);
}

Attributes mode(const char* name, const char* coordinates = "half_pixel") {
  return {{"mode", std::string(name)},
          {"coordinate_transformation_mode", std::string(coordinates)}};
}

const Tensor kSquare = tensor<float>({1, 1, 2, 2}, {1, 2, 3, 4});
const Tensor kRow = tensor<float>({1, 1, 4}, {0, 10, 20, 30});

std::vector<OpCase> resize_cases() {
  Tensor twice = floats({1, 1, 2, 2});
  Tensor doubled = tensor<float>({1, 1, 4, 4}, {1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4});
  Attributes floor = mode("nearest", "asymmetric");
  floor["nearest_mode"] = std::string("floor");
  Attributes channels_last = mode("linear", "align_corners");
  Attributes antialias = mode("linear");
  antialias["antialias"] = int64_t{1};
  Attributes crop = mode("linear", "tf_crop_and_resize");
  crop["extrapolation_value"] = 7.0f;
  Attributes kept = mode("nearest");
  kept["keep_aspect_ratio_policy"] = std::string("not_larger");
  kept["axes"] = std::vector<int64_t>{-1, -2};
  return {
      {"upsample_7",
       "Upsample",
       {kSquare},
       {doubled},
       {{"scales", std::vector<float>{1, 1, 2, 2}}},
       7},
      {"upsample_9", "Upsample", {kSquare, twice}, {doubled}, {}, 9},
      {"upsample_1",
       "Upsample",
       {kSquare},
       {doubled},
       {{"height_scale", 2.0f}, {"width_scale", 2.0f}},
       1},
      {"resize_10", "Resize", {kSquare, twice}, {doubled}, {}, 10},
      {"nearest_twice", "Resize", {kSquare, {}, twice}, {doubled}, mode("nearest")},
      {"nearest_int8",
       "Resize",
       {tensor<int8_t>({1, 1, 2}, {-1, 5}), {}, {}, ints({1, 1, 3})},
       {tensor<int8_t>({1, 1, 3}, {-1, -1, 5})},
       floor},
      {"nearest_shrinks",
       "Resize",
       {kRow, {}, {}, ints({1, 1, 2})},
       {tensor<float>({1, 1, 2}, {0, 20})},
       floor},
      {"nearest_channels_last",
       "Resize",
       {tensor<float>({1, 2, 2}, {1, 2, 3, 4}), {}, floats({1, 2, 1})},
       {tensor<float>({1, 4, 2}, {1, 2, 1, 2, 3, 4, 3, 4})},
       floor},
      {"linear_twice",
       "Resize",
       {kRow, {}, floats({1, 1, 2})},
       {tensor<float>({1, 1, 8}, {0, 2.5f, 7.5f, 12.5f, 17.5f, 22.5f, 27.5f, 30})},
       mode("linear"),
       19,
       1e-6},
      {"linear_corners",
       "Resize",
       {kSquare, {}, {}, ints({1, 1, 3, 3})},
       {tensor<float>({1, 1, 3, 3}, {1, 1.5f, 2, 2, 2.5f, 3, 3, 3.5f, 4})},
       mode("linear", "align_corners"),
       19,
       1e-6},
      {"linear_channels_last",
       "Resize",
       {tensor<float>({1, 2, 1, 2}, {0, 10, 4, 20}), {}, {}, ints({1, 3, 1, 2})},
       {tensor<float>({1, 3, 1, 2}, {0, 10, 2, 15, 4, 20})},
       channels_last,
       19,
       1e-6},
      {"linear_three_axes",
       "Resize",
       {tensor<float>({2, 1, 2}, {0, 2, 4, 6}), {}, {}, ints({3, 1, 3})},
       {tensor<float>({3, 1, 3}, {0, 1, 2, 2, 3, 4, 4, 5, 6})},
       mode("linear", "align_corners"),
       19,
       1e-6},
      {"linear_float16",
       "Resize",
       {tensor<Float16>({1, 1, 2}, {Float16(0), Float16(2)}), {}, {}, ints({1, 1, 3})},
       {tensor<Float16>({1, 1, 3}, {Float16(0), Float16(1), Float16(2)})},
       mode("linear", "align_corners"),
       19,
       1e-3},
      {"linear_uint8_rounds",
       "Resize",
       {tensor<uint8_t>({1, 1, 2}, {0, 255}), {}, {}, ints({1, 1, 4})},
       {tensor<uint8_t>({1, 1, 4}, {0, 85, 170, 255})},
       mode("linear", "align_corners")},
      {"linear_antialias",
       "Resize",
       {kRow, {}, floats({1, 1, 0.5f})},
       {tensor<float>({1, 1, 2}, {6.25f, 23.75f})},
       antialias,
       19,
       1e-6},
      {"cubic_keeps_lines_inside",
       "Resize",
       {tensor<float>({8}, {0, 1, 2, 3, 4, 5, 6, 7}), {}, {}, ints({15})},
       {tensor<float>({15},
                      {0, 0.40625f, 1, 1.5f, 2, 2.5f, 3, 3.5f, 4, 4.5f, 5, 5.5f, 6, 6.59375f, 7})},
       mode("cubic", "align_corners"),
       19,
       1e-6},
      {"crop_extrapolates",
       "Resize",
       {kRow, floats({0, 0, 0.5f, 1, 1, 1.5f}), {}, ints({1, 1, 3})},
       {tensor<float>({1, 1, 3}, {15, 30, 7})},
       crop,
       19,
       1e-6},
      {"keeps_aspect_ratio", "Resize", {kSquare, {}, {}, ints({4, 8})}, {doubled}, kept},
      {"identity", "Resize", {kSquare, {}, floats({1, 1, 1, 1})}, {kSquare}, mode("cubic")},
      {"to_nothing",
       "Resize",
       {kRow, {}, floats({1, 1, 0.1f})},
       {tensor<float>({1, 1, 0}, {})},
       mode("linear")},
  };
}

Attributes pad_mode(const char* name) { return {{"mode", std::string(name)}}; }

std::vector<OpCase> pad_cases() {
  Tensor row = floats({1, 2, 3});
  Tensor square = tensor<float>({2, 2}, {1, 2, 3, 4});
  return {
      {"constant",
       "Pad",
       {row, ints({1, 2}), tensor<float>({}, {9})},
       {floats({9, 1, 2, 3, 9, 9})}},
      {"constant_crops", "Pad", {row, ints({-1, 1})}, {floats({2, 3, 0})}},
      {"constant_outer_axis",
       "Pad",
       {square, ints({1, 0, 0, 0})},
       {tensor<float>({3, 2}, {0, 0, 1, 2, 3, 4})}},
      {"constant_both_axes",
       "Pad",
       {square, ints({0, 1, 1, 0})},
       {tensor<float>({3, 3}, {0, 1, 2, 0, 3, 4, 0, 0, 0})}},
      {"constant_of_nothing", "Pad", {floats({}), ints({1, 1})}, {floats({0, 0})}},
      {"constant_axes",
       "Pad",
       {square, ints({1, 0}), {}, ints({-1})},
       {tensor<float>({2, 3}, {0, 1, 2, 0, 3, 4})}},
      {"reflect", "Pad", {row, ints({2, 2})}, {floats({3, 2, 1, 2, 3, 2, 1})}, pad_mode("reflect")},
      {"reflect_far",
       "Pad",
       {floats({1, 2}), ints({3, 0})},
       {floats({2, 1, 2, 1, 2})},
       pad_mode("reflect")},
      {"edge",
       "Pad",
       {square, ints({1, 0, 0, 2})},
       {tensor<float>({3, 4}, {1, 2, 2, 2, 1, 2, 2, 2, 3, 4, 4, 4})},
       pad_mode("edge")},
      {"wrap_of_what_is_kept",
       "Pad",
       {tensor<float>({4}, {1, 2, 3, 4}), ints({1, -1})},
       {floats({3, 1, 2, 3})},
       pad_mode("wrap")},
      {"wrap", "Pad", {row, ints({4, 1})}, {floats({3, 1, 2, 3, 1, 2, 3, 1})}, pad_mode("wrap")},
      {"attributes",
       "Pad",
       {row},
       {floats({5, 1, 2, 3})},
       {{"pads", std::vector<int64_t>{1, 0}}, {"value", 5.0f}},
       2},
      {"untouched", "Pad", {square, ints({0, 0, 0, 0})}, {square}},
      {"bools",
       "Pad",
       {tensor<bool>({1}, {true}), ints({1, 0}), tensor<bool>({}, {true})},
       {tensor<bool>({2}, {true, true})}},
      {"strings",
       "Pad",
       {tensor<std::string>({1}, {"a"}), ints({1, 0})},
       {tensor<std::string>({2}, {"", "a"})}},
  };
}

CONVOY_OP_CASES(Resize, resize_cases());
CONVOY_OP_CASES(Pad, pad_cases());

// Planes × rows × columns, so that several threads share a plane, against one axis at a time.
TEST(ResizeLinear, EqualsTwoPassesOverOneAxis) {
  Tensor image = pattern({3, 37, 53}, -1, 1, 5);
  OpCase both{"both", "Resize", {image, {}, {}, ints({3, 90, 71})}, {{image}}, mode("linear"), 19};
  OpCase rows{"rows", "Resize", {image, {}, {}, ints({3, 90, 53})}, {{image}}, mode("linear"), 19};
  Tensor whole = evaluate_case(both, both.inputs)[0];
  Tensor half = evaluate_case(rows, rows.inputs)[0];
  OpCase columns{"columns", "Resize",       {half, {}, {}, ints({3, 90, 71})},
                 {{image}}, mode("linear"), 19};
  expect_equal(whole, evaluate_case(columns, columns.inputs)[0], 1e-6, "two passes");
}

TEST(ResizeErrors, RefuseScalesThatMakeNoSense) {
  for (float scale : {-1.0f, std::numeric_limits<float>::quiet_NaN()}) {
    OpCase c{"", "Resize", {kRow, {}, floats({1, 1, scale})}, {{kRow}}, mode("linear"), 19};
    EXPECT_THROW(evaluate_case(c, c.inputs), Error);
  }
  OpCase none{"", "Resize", {kRow}, {{kRow}}, mode("linear"), 19};
  EXPECT_THROW(evaluate_case(none, none.inputs), Error);
  OpCase few{"", "Pad", {kRow, ints({1, 1})}, {{kRow}}};
  EXPECT_THROW(evaluate_case(few, few.inputs), Error);
  OpCase empty{"", "Pad", {floats({}), ints({1, 1})}, {{kRow}}, pad_mode("edge")};
  EXPECT_THROW(evaluate_case(empty, empty.inputs), Error);
}

}  // namespace
}  // namespace convoy
