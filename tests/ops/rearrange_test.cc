// Operators that only re-arrange elements.
#include "tests/ops/op_case.h"

namespace convoy {
namespace {

using Ints = std::vector<int64_t>;

Tensor ints(std::initializer_list<int64_t> values) {
  return tensor<int64_t>({static_cast<int64_t>(values.size())}, values);
}

// 0, 1, 2 …
Tensor counting(const Shape& shape) {
  Tensor result = Tensor::allocate(DType::kFloat32, shape);
  for (int64_t i = 0; i < result.count(); ++i) {
    result.mutable_data<float>()[i] = static_cast<float>(i);
  }
  return result;
}

// Element by element.
Tensor tiled(const Tensor& x, const Shape& repeats) {
  Shape shape = x.shape();
  for (int i = 0; i < shape.rank(); ++i) shape[i] *= repeats[i];
  Tensor y = Tensor::allocate(DType::kFloat32, shape);
  for (int64_t to = 0; to < y.count(); ++to) {
    int64_t from = 0, rest = to, stride = 1;
    for (int i = shape.rank() - 1; i >= 0; --i) {
      from += rest % shape[i] % x.shape()[i] * stride;
      rest /= shape[i];
      stride *= x.shape()[i];
    }
    y.mutable_data<float>()[to] = x.data<float>()[from];
  }
  return y;
}

std::vector<OpCase> shape_cases() {
  return {
      {"transpose_default",
       "Transpose",
       {counting({2, 3})},
       {tensor<float>({3, 2}, {0, 3, 1, 4, 2, 5})}},
      {"transpose_perm",
       "Transpose",
       {counting({2, 1, 3})},
       {tensor<float>({3, 2, 1}, {0, 3, 1, 4, 2, 5})},
       {{"perm", Ints{2, 0, 1}}}},
      {"transpose_scalar", "Transpose", {tensor<float>({}, {5})}, {tensor<float>({}, {5})}},
      {"transpose_empty", "Transpose", {counting({0, 3})}, {counting({3, 0})}},
      {"reshape_infers", "Reshape", {counting({2, 3}), ints({3, -1})}, {counting({3, 2})}},
      {"reshape_copies_zero",
       "Reshape",
       {counting({2, 3, 1}), ints({0, 1, -1})},
       {counting({2, 1, 3})}},
      {"reshape_to_scalar", "Reshape", {counting({1, 1}), ints({})}, {counting({})}},
      {"reshape_allows_zero",
       "Reshape",
       {counting({0, 3}), ints({3, 0})},
       {counting({3, 0})},
       {{"allowzero", int64_t{1}}}},
      {"reshape_attribute",
       "Reshape",
       {counting({2, 3})},
       {counting({6})},
       {{"shape", Ints{-1}}},
       4},
      {"reshape_splits_axes",
       "Reshape",
       {counting({4, 6}), ints({2, 2, 3, 2})},
       {counting({2, 2, 3, 2})}},
      {"flatten_default", "Flatten", {counting({2, 3, 2})}, {counting({2, 6})}},
      {"flatten_negative",
       "Flatten",
       {counting({2, 3, 2})},
       {counting({6, 2})},
       {{"axis", int64_t{-1}}}},
      {"flatten_at_end", "Flatten", {counting({2, 3})}, {counting({6, 1})}, {{"axis", int64_t{2}}}},
      {"flatten_scalar", "Flatten", {counting({})}, {counting({1, 1})}, {{"axis", int64_t{0}}}},
      {"squeeze_all", "Squeeze", {counting({1, 3, 1})}, {counting({3})}},
      {"squeeze_axes", "Squeeze", {counting({1, 3, 1}), ints({-1})}, {counting({1, 3})}},
      {"squeeze_attribute",
       "Squeeze",
       {counting({1, 3, 1})},
       {counting({3, 1})},
       {{"axes", Ints{0}}},
       11},
      {"squeeze_empty_axes", "Squeeze", {counting({1, 3, 1}), ints({})}, {counting({3})}},
      {"squeeze_empty_axes_known",
       "Squeeze",
       {counting({1, 3, 1}), ints({})},
       {counting({3})},
       {},
       13,
       0,
       {1}},
      {"squeeze_empty_attribute",
       "Squeeze",
       {counting({1, 3, 1})},
       {counting({3})},
       {{"axes", Ints{}}},
       11},
      {"unsqueeze_empty_axes", "Unsqueeze", {counting({1, 3}), ints({})}, {counting({1, 3})}},
      {"unsqueeze_empty_attribute",
       "Unsqueeze",
       {counting({1, 3})},
       {counting({1, 3})},
       {{"axes", Ints{}}},
       11},
      {"unsqueeze", "Unsqueeze", {counting({3}), ints({0, -1})}, {counting({1, 3, 1})}},
      {"unsqueeze_attribute",
       "Unsqueeze",
       {counting({3})},
       {counting({3, 1})},
       {{"axes", Ints{1}}},
       11},
      {"expand_both_ways",
       "Expand",
       {tensor<float>({2, 1}, {1, 2}), ints({1, 2, 3})},
       {tensor<float>({1, 2, 3}, {1, 1, 1, 2, 2, 2})}},
      {"expand_keeps_longer", "Expand", {counting({2, 3}), ints({1})}, {counting({2, 3})}},
  };
}

std::vector<OpCase> slice_cases() {
  return {
      {"slice",
       "Slice",
       {counting({4, 4}), ints({1, 0}), ints({3, 2})},
       {tensor<float>({2, 2}, {4, 5, 8, 9})}},
      {"slice_backwards",
       "Slice",
       {counting({4}), ints({-1}), ints({INT64_MIN}), ints({0}), ints({-2})},
       {tensor<float>({2}, {3, 1})}},
      {"slice_beyond_ends",
       "Slice",
       {counting({4}), ints({-100}), ints({INT64_MAX}), ints({0}), ints({3})},
       {tensor<float>({2}, {0, 3})}},
      {"slice_widest_step",
       "Slice",
       {counting({4}), ints({3}), ints({-100}), ints({0}), ints({INT64_MIN})},
       {tensor<float>({1}, {3})}},
      {"slice_to_nothing", "Slice", {counting({4}), ints({3}), ints({1})}, {counting({0})}},
      {"slice_of_nothing",
       "Slice",
       {counting({0, 2}), ints({0}), ints({5}), ints({0}), ints({-1})},
       {counting({0, 2})}},
      {"slice_attributes",
       "Slice",
       {counting({2, 4})},
       {tensor<float>({2, 2}, {1, 2, 5, 6})},
       {{"starts", Ints{1}}, {"ends", Ints{-1}}, {"axes", Ints{1}}},
       9},
      {"split_equal",
       "Split",
       {counting({4})},
       {tensor<float>({2}, {0, 1}), tensor<float>({2}, {2, 3})},
       {},
       13},
      {"split_uneven",
       "Split",
       {counting({5})},
       {tensor<float>({3}, {0, 1, 2}), tensor<float>({2}, {3, 4})},
       {{"num_outputs", int64_t{2}}},
       18},
      {"split_sizes",
       "Split",
       {counting({2, 3}), ints({1, 0, 2})},
       {tensor<float>({2, 1}, {0, 3}), counting({2, 0}), tensor<float>({2, 2}, {1, 2, 4, 5})},
       {{"axis", int64_t{-1}}}},
      {"split_attribute",
       "Split",
       {counting({3})},
       {counting({1}), tensor<float>({2}, {1, 2})},
       {{"split", Ints{1, 2}}},
       11},
      {"concat",
       "Concat",
       {tensor<float>({2, 1}, {0, 3}), tensor<float>({2, 2}, {1, 2, 4, 5})},
       {counting({2, 3})},
       {{"axis", int64_t{1}}}},
      {"concat_with_nothing",
       "Concat",
       {counting({0, 2}), counting({1, 2})},
       {counting({1, 2})},
       {{"axis", int64_t{-2}}}},
      {"concat_opset_1",
       "Concat",
       {counting({1, 1}), counting({1, 1})},
       {tensor<float>({1, 2}, {0, 0})},
       {},
       3},
      {"concat_strings",
       "Concat",
       {tensor<std::string>({1}, {"a"}), tensor<std::string>({1}, {"b"})},
       {tensor<std::string>({2}, {"a", "b"})},
       {{"axis", int64_t{0}}}},
      {"tile",
       "Tile",
       {counting({1, 2}), ints({2, 2})},
       {tensor<float>({2, 4}, {0, 1, 0, 1, 0, 1, 0, 1})}},
      {"tile_of_more_axes_than_are_copied_at_once",
       "Tile",
       {counting({1, 2, 2, 1, 2, 2, 2, 2}), ints({2, 2, 1, 2, 2, 2, 2, 2})},
       {tiled(counting({1, 2, 2, 1, 2, 2, 2, 2}), {2, 2, 1, 2, 2, 2, 2, 2})}},
      {"tile_to_nothing", "Tile", {counting({2}), ints({0})}, {counting({0})}},
      {"tile_one_axis",
       "Tile",
       {counting({2}), tensor<float>({1}, {2}), tensor<float>({1}, {0})},
       {tensor<float>({4}, {0, 1, 0, 1})},
       {},
       5},
  };
}

std::vector<OpCase> block_cases() {
  Attributes two{{"blocksize", int64_t{2}}};
  Attributes crd{{"blocksize", int64_t{2}}, {"mode", std::string("CRD")}};
  Tensor deep = tensor<float>({1, 8, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7});
  return {
      {"depth_to_space",
       "DepthToSpace",
       {deep},
       {tensor<float>({1, 2, 2, 2}, {0, 2, 4, 6, 1, 3, 5, 7})},
       two},
      {"depth_to_space_crd",
       "DepthToSpace",
       {deep},
       {tensor<float>({1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7})},
       crd},
      {"space_to_depth",
       "SpaceToDepth",
       {tensor<float>({1, 2, 2, 2}, {0, 2, 4, 6, 1, 3, 5, 7})},
       {deep},
       two},
      {"trilu_upper", "Trilu", {counting({2, 3})}, {tensor<float>({2, 3}, {0, 1, 2, 0, 4, 5})}},
      {"trilu_lower_far",
       "Trilu",
       {counting({2, 2}), tensor<int64_t>({}, {INT64_MIN})},
       {tensor<float>({2, 2}, {0, 0, 0, 0})},
       {{"upper", int64_t{0}}}},
      {"reverse_sequence",
       "ReverseSequence",
       {counting({3, 2}), ints({2, 3})},
       {tensor<float>({3, 2}, {2, 5, 0, 3, 4, 1})}},
      {"center_crops_and_pads",
       "CenterCropPad",
       {counting({3, 1}), ints({2, 3})},
       {tensor<float>({2, 3}, {0, 0, 0, 0, 1, 0})}},
      {"shape_range",
       "Shape",
       {counting({2, 3, 4})},
       {ints({3})},
       {{"start", int64_t{-2}}, {"end", int64_t{-1}}}},
      {"size", "Size", {counting({2, 3})}, {tensor<int64_t>({}, {6})}},
      {"constant_of_shape",
       "ConstantOfShape",
       {ints({2})},
       {tensor<int32_t>({2}, {7, 7})},
       {{"value", tensor<int32_t>({1}, {7})}}},
      {"range_down",
       "Range",
       {tensor<int64_t>({}, {5}), tensor<int64_t>({}, {0}), tensor<int64_t>({}, {-2})},
       {ints({5, 3, 1})}},
      {"range_of_a_distance_in_float32",
       "Range",
       {tensor<float>({}, {0.1F}), tensor<float>({}, {0.6F}), tensor<float>({}, {0.1F})},
       {tensor<float>({5}, {0.1F, 0.2F, 0.3F, 0.4F, 0.5F})},
       {},
       11,
       1e-6},
      {"range_empty",
       "Range",
       {tensor<float>({}, {5}), tensor<float>({}, {0}), tensor<float>({}, {1})},
       {counting({0})}},
      {"eye_like",
       "EyeLike",
       {counting({2, 3})},
       {tensor<float>({2, 3}, {0, 1, 0, 0, 0, 1})},
       {{"k", int64_t{1}}}},
      {"one_hot_negative",
       "OneHot",
       {tensor<int64_t>({2}, {-1, 9}), tensor<int64_t>({}, {3}), tensor<float>({2}, {0, 2})},
       {tensor<float>({2, 3}, {0, 0, 2, 0, 0, 0})}},
  };
}

CONVOY_OP_CASES(Rearrange, shape_cases());
CONVOY_OP_CASES(SliceAndJoin, slice_cases());
CONVOY_OP_CASES(Blocks, block_cases());

ErrorCode code_of(const OpCase& c) {
  try {
    evaluate_case(c, c.inputs);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::kInternal;
}

TEST(RearrangeErrors, NameWhatIsWrong) {
  auto input = ErrorCode::kInvalidInput;
  EXPECT_EQ(code_of({"", "Reshape", {counting({2, 3}), ints({4, -1})}, {counting({})}}), input);
  EXPECT_EQ(code_of({"", "Reshape", {counting({2, 3}), ints({-1, -1})}, {counting({})}}), input);
  EXPECT_EQ(code_of({"", "Reshape", {counting({0, 3}), ints({0, -1})}, {counting({})}}), input);
  EXPECT_EQ(code_of({"",
                     "Concat",
                     {counting({2, 3}), counting({3, 2})},
                     {counting({})},
                     {{"axis", int64_t{0}}}}),
            input);
  EXPECT_EQ(code_of({"", "Split", {counting({5})}, {counting({}), counting({})}, {}, 13}), input);
  EXPECT_EQ(code_of({"", "Split", {counting({5}), ints({6, -1})}, {counting({}), counting({})}}),
            input);
  EXPECT_EQ(code_of({"", "Tile", {counting({2}), ints({-1})}, {counting({})}}), input);
  EXPECT_EQ(code_of({"", "Tile", {counting({2}), ints({INT64_MAX})}, {counting({})}}), input);
}

}  // namespace
}  // namespace convoy
