#include <limits>

#include "tests/ops/op_case.h"

namespace convoy {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;
using Texts = std::vector<std::string>;

OpCase ml(OpCase c, int version) {
  c.domain = "ai.onnx.ml";
  c.version = version;
  c.within = 1e-6;
  return c;
}

std::vector<OpCase> cases() {
  return {
      ml({"labels",
          "LabelEncoder",
          {tensor<std::string>({2}, {"b", "?"})},
          {tensor<int64_t>({2}, {7, -1})},
          {{"keys_strings", Texts{"a", "b"}}, {"values_int64s", Ints{6, 7}}}},
         2),
      ml({"label_of_nan",
          "LabelEncoder",
          {tensor<float>({2}, {kNaN, 2})},
          {tensor<float>({2}, {9, 5})},
          {{"keys_floats", Floats{kNaN, 1}},
           {"values_floats", Floats{9, 8}},
           {"default_float", 5.0f}}},
         2),
      ml({"labels_of_version_1",
          "LabelEncoder",
          {tensor<int64_t>({2}, {1, 4})},
          {tensor<std::string>({2}, {"b", "_Unused"})},
          {{"classes_strings", Texts{"a", "b"}}}},
         1),
      ml({"extractor",
          "ArrayFeatureExtractor",
          {tensor<float>({2, 3}, {1, 2, 3, 4, 5, 6}), tensor<int64_t>({2}, {2, 0})},
          {tensor<float>({2, 2}, {3, 1, 6, 4})}},
         1),
      ml({"binarizer",
          "Binarizer",
          {tensor<float>({3}, {0, 1, 2})},
          {tensor<float>({3}, {0, 0, 1})},
          {{"threshold", 1.0f}}},
         1),
      ml({"scaler",
          "Scaler",
          {tensor<int64_t>({1, 2}, {3, 5})},
          {tensor<float>({1, 2}, {4, 2})},
          {{"offset", Floats{1, 1}}, {"scale", Floats{2, 0.5f}}}},
         1),
      ml({"normalizer",
          "Normalizer",
          {tensor<float>({1, 2}, {3, -4})},
          {tensor<float>({1, 2}, {0.6f, -0.8f})},
          {{"norm", std::string("L2")}}},
         1),
      ml({"imputer",
          "Imputer",
          {tensor<float>({1, 2}, {kNaN, 1})},
          {tensor<float>({1, 2}, {5, 1})},
          {{"imputed_value_floats", Floats{5}}, {"replaced_value_float", kNaN}}},
         1),
      ml({"imputer_of_doubles",
          "Imputer",
          {tensor<double>({2, 2}, {1, 9, 9, 3})},
          {tensor<double>({2, 2}, {1, 6, 5, 3})},
          {{"imputed_value_floats", Floats{5, 6}}, {"replaced_value_float", 9.0f}}},
         1),
      ml({"imputer_of_integers",
          "Imputer",
          {tensor<int32_t>({3}, {0, 2, 0})},
          {tensor<int32_t>({3}, {7, 2, 7})},
          {{"imputed_value_int64s", Ints{7}}}},
         1),
      ml({"labels_of_int32",
          "LabelEncoder",
          {tensor<int32_t>({2}, {4, 5})},
          {tensor<int32_t>({2}, {40, -1})},
          {{"keys_tensor", tensor<int32_t>({1}, {4})},
           {"values_tensor", tensor<int32_t>({1}, {40})}}},
         4),
      ml({"categories_of_strings",
          "CategoryMapper",
          {tensor<std::string>({3}, {"b", "?", "a"})},
          {tensor<int64_t>({3}, {9, -1, 5})},
          {{"cats_strings", Texts{"a", "b", "a"}}, {"cats_int64s", Ints{7, 9, 5}}}},
         1),
      ml({"categories_of_integers",
          "CategoryMapper",
          {tensor<int64_t>({2}, {9, 1})},
          {tensor<std::string>({2}, {"b", "none"})},
          {{"cats_strings", Texts{"a", "b"}},
           {"cats_int64s", Ints{7, 9}},
           {"default_string", std::string("none")}}},
         1),
      ml({"one_hot_strings",
          "OneHotEncoder",
          {tensor<std::string>({2, 1}, {"b", "?"})},
          {tensor<float>({2, 1, 2}, {0, 1, 0, 0})},
          {{"cats_strings", Texts{"a", "b"}}}},
         1),
      ml({"one_hot_floats",
          "OneHotEncoder",
          {tensor<float>({3}, {2.9f, kNaN, 1})},
          {tensor<float>({3, 2}, {0, 1, 0, 0, 1, 0})},
          {{"cats_int64s", Ints{1, 2}}}},
         1),
      ml({"features",
          "FeatureVectorizer",
          {tensor<int64_t>({2, 3}, {1, 2, 3, 4, 5, 6}), tensor<int64_t>({2, 1}, {7, 8})},
          {tensor<float>({2, 4}, {1, 2, 7, 0, 4, 5, 8, 0})},
          {{"inputdimensions", Ints{2, 2}}}},
         1),
      ml({"scaler_of_doubles",
          "Scaler",
          {tensor<double>({1, 1}, {16777217})},
          {tensor<float>({1, 1}, {2})},
          {{"offset", Floats{16777216}}, {"scale", Floats{2}}}},
         1),
  };
}

CONVOY_OP_CASES(MachineLearning, cases());

TEST(MachineLearning, RefusesAnUnknownCategory) {
  OpCase c = ml({"unknown",
                 "OneHotEncoder",
                 {tensor<int64_t>({1}, {3})},
                 {tensor<float>({1, 2}, {0, 0})},
                 {{"cats_int64s", Ints{1, 2}}, {"zeros", int64_t{0}}}},
                1);
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
}

}  // namespace
}  // namespace convoy
