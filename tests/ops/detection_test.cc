// Operators on boxes and regions, and sampling at given positions.
#include <limits>

#include "tests/ops/op_case.h"

namespace convoy {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

Tensor ints(std::initializer_list<int64_t> values) {
  return tensor<int64_t>({static_cast<int64_t>(values.size())}, values);
}

Tensor number(float value) { return tensor<float>({}, {value}); }

const Tensor kPlane = tensor<float>({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});

// A row of zeros that ends with `last`.
Tensor last_of_30(float last) {
  Tensor row = Tensor::zeros(DType::kFloat32, {1, 1, 1, 30});
  row.mutable_data<float>()[29] = last;
  return row;
}

// Every row holds the squares of its columns' numbers.
Tensor squares_of_columns(int64_t n) {
  Tensor plane = Tensor::allocate(DType::kFloat32, {1, 1, n, n});
  for (int64_t i = 0; i < n * n; ++i) {
    plane.mutable_data<float>()[i] = static_cast<float>((i % n) * (i % n));
  }
  return plane;
}

std::vector<OpCase> box_cases() {
  Tensor boxes = tensor<float>({1, 3, 4}, {0, 0, 1, 1, 1, 1, 0, 0.1f, 0, 2, 1, 3});
  Tensor scores = tensor<float>({1, 1, 3}, {0.5f, 0.9f, 0.4f});
  return {
      {"suppresses_overlaps",
       "NonMaxSuppression",
       {boxes, scores, ints({9}), number(0.5f)},
       {tensor<int64_t>({2, 3}, {0, 0, 1, 0, 0, 2})}},
      {"limits_boxes",
       "NonMaxSuppression",
       {boxes, scores, ints({1}), number(0.99f)},
       {tensor<int64_t>({1, 3}, {0, 0, 1})}},
      {"drops_low_scores",
       "NonMaxSuppression",
       {boxes, scores, ints({9}), number(0.99f), number(0.4f)},
       {tensor<int64_t>({2, 3}, {0, 0, 1, 0, 0, 0})}},
      {"no_limit_means_none", "NonMaxSuppression", {boxes, scores}, {tensor<int64_t>({0, 3}, {})}},
      {"drops_nan_scores",
       "NonMaxSuppression",
       {boxes, tensor<float>({1, 1, 3}, {kNaN, kNaN, 1}), ints({9})},
       {tensor<int64_t>({1, 3}, {0, 0, 2})}},
      {"centers_and_sizes",
       "NonMaxSuppression",
       {tensor<float>({1, 2, 4}, {0.5f, 0.5f, 1, 1, 0.5f, 0.6f, 1, 1}),
        tensor<float>({1, 1, 2}, {1, 2}), ints({9}), number(0.5f)},
       {tensor<int64_t>({1, 3}, {0, 0, 1})},
       {{"center_point_box", int64_t{1}}}},
      {"max_roi_pool",
       "MaxRoiPool",
       {kPlane, tensor<float>({2, 5}, {0, 0, 0, 2, 2, 0, 2, 2, 2, 2})},
       {tensor<float>({2, 1, 2, 2}, {5, 6, 8, 9, 9, 9, 9, 9})},
       {{"pooled_shape", std::vector<int64_t>{2, 2}}}},
      {"max_roi_pool_of_cells_that_end_at_a_pixel",
       "MaxRoiPool",
       {last_of_30(100), tensor<float>({1, 5}, {0, 0, 0, 28, 0})},
       {tensor<float>({1, 1, 1, 7}, {0, 0, 0, 0, 0, 0, 0})},
       {{"pooled_shape", std::vector<int64_t>{1, 7}}}},
      {"max_roi_pool_outside",
       "MaxRoiPool",
       {kPlane, tensor<float>({1, 5}, {0, 8, 8, 9, 9})},
       {tensor<float>({1, 1, 1, 1}, {0})},
       {{"pooled_shape", std::vector<int64_t>{1, 1}}}},
      {"roi_align_takes_one_sample_for_each_pixel",
       "RoiAlign",
       {squares_of_columns(9), tensor<float>({1, 4}, {0.9F, 0.9F, 7.9F, 7.9F}), ints({0})},
       {tensor<float>({1, 1, 1, 7}, {0.9F, 3.7F, 8.5F, 15.3F, 24.1F, 34.9F, 47.7F})},
       {{"output_height", int64_t{1}}, {"output_width", int64_t{7}}},
       16,
       1e-5},
      {"roi_align_whole_pixels",
       "RoiAlign",
       {kPlane, tensor<float>({1, 4}, {0, 0, 2, 2}), ints({0})},
       {tensor<float>({1, 1, 2, 2}, {1, 2, 4, 5})},
       {{"output_height", int64_t{2}}, {"output_width", int64_t{2}}},
       16,
       1e-6},
      {"grid_sample_at_infinity_of_one_position",
       "GridSample",
       {tensor<float>({1, 1, 1, 1}, {3}),
        tensor<float>({1, 1, 1, 2}, {std::numeric_limits<float>::infinity(), 0})},
       {tensor<float>({1, 1, 1, 1}, {3})},
       {{"mode", std::string("cubic")},
        {"padding_mode", std::string("border")},
        {"align_corners", int64_t{1}}},
       20},
      {"grid_sample_corners",
       "GridSample",
       {kPlane, tensor<float>({1, 1, 3, 2}, {-1, -1, 1, 1, 0, 0.5f})},
       {tensor<float>({1, 1, 1, 3}, {1, 9, 6.5f})},
       {{"align_corners", int64_t{1}}},
       16,
       1e-6},
      {"grid_sample_far_off",
       "GridSample",
       {kPlane, tensor<float>({1, 1, 2, 2}, {1e30f, -1e30f, 0, 0})},
       {tensor<float>({1, 1, 1, 2}, {3, 5})},
       {{"padding_mode", std::string("border")}},
       16,
       1e-6},
      {"grid_sample_reflects",
       "GridSample",
       {kPlane, tensor<float>({1, 1, 1, 2}, {2, 0})},
       {tensor<float>({1, 1, 1, 1}, {5})},
       {{"padding_mode", std::string("reflection")}, {"align_corners", int64_t{1}}},
       16,
       1e-6},
      {"affine_grid_identity",
       "AffineGrid",
       {tensor<float>({1, 2, 3}, {1, 0, 0, 0, 1, 0}), ints({1, 1, 1, 2})},
       {tensor<float>({1, 1, 2, 2}, {-0.5f, 0, 0.5f, 0})},
       {},
       20,
       1e-6},
      {"col2im_overlaps",
       "Col2Im",
       {tensor<float>({1, 2, 2}, {1, 2, 3, 4}), ints({1, 3}), ints({1, 2})},
       {tensor<float>({1, 1, 1, 3}, {1, 5, 4})}},
  };
}

CONVOY_OP_CASES(Regions, box_cases());

TEST(RegionErrors, RefuseRegionsThatMakeNoSense) {
  auto throws = [](const OpCase& c) { EXPECT_THROW(evaluate_case(c, c.inputs), Error) << c.op; };
  Tensor nan_region = tensor<float>({1, 4}, {0, 0, kNaN, 2});
  Tensor huge_region = tensor<float>({1, 4}, {0, 0, 1e30f, 2});
  Tensor region = tensor<float>({1, 4}, {0, 0, 2, 2});
  throws({"", "RoiAlign", {kPlane, nan_region, ints({0})}, {kPlane}});
  throws({"", "RoiAlign", {kPlane, huge_region, ints({0})}, {kPlane}});
  throws({"", "RoiAlign", {kPlane, region, ints({1})}, {kPlane}});
  Attributes one{{"pooled_shape", std::vector<int64_t>{1, 1}}};
  throws({"", "MaxRoiPool", {kPlane, tensor<float>({1, 5}, {1, 0, 0, 1, 1})}, {kPlane}, one});
  throws({"", "MaxRoiPool", {kPlane, tensor<float>({1, 5}, {kNaN, 0, 0, 1, 1})}, {kPlane}, one});
}

}  // namespace
}  // namespace convoy
