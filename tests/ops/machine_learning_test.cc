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

// x ≤ 0.5 gives the first leaf, anything else the second.
Attributes stump(const std::string& prefix, const Ints& ids, const Floats& weights) {
  return {{"nodes_treeids", Ints{0, 0, 0}},
          {"nodes_nodeids", Ints{0, 1, 2}},
          {"nodes_featureids", Ints{0, 0, 0}},
          {"nodes_modes", Texts{"BRANCH_LEQ", "LEAF", "LEAF"}},
          {"nodes_values", Floats{0.5f, 0, 0}},
          {"nodes_truenodeids", Ints{1, 0, 0}},
          {"nodes_falsenodeids", Ints{2, 0, 0}},
          {prefix + "_treeids", Ints{0, 0}},
          {prefix + "_nodeids", Ints{1, 2}},
          {prefix + "_ids", ids},
          {prefix + "_weights", weights}};
}

std::vector<OpCase> cases() {
  const Tensor x = tensor<float>({3, 1}, {0, 1, kNaN});
  Attributes regressor = stump("target", {0, 0}, {-2, 4});
  regressor["base_values"] = Floats{1};
  Attributes classifier = stump("class", {0, 1}, {1, 1});
  classifier["classlabels_strings"] = Texts{"no", "yes"};
  Attributes binary = stump("class", {0, 0}, {-3, 3});
  binary["classlabels_int64s"] = Ints{10, 20};
  return {
      ml({"regressor", "TreeEnsembleRegressor", {x}, {tensor<float>({3, 1}, {-1, 5, 5})},
          regressor}, 3),
      ml({"classifier", "TreeEnsembleClassifier", {x},
          {tensor<std::string>({3}, {"no", "yes", "yes"}),
           tensor<float>({3, 2}, {1, 0, 0, 1, 0, 1})}, classifier}, 1),
      ml({"binary_classifier", "TreeEnsembleClassifier", {x},
          {tensor<int64_t>({3}, {10, 20, 20}), tensor<float>({3, 2}, {3, -3, -3, 3, -3, 3})},
          binary}, 1),
      ml({"labels", "LabelEncoder", {tensor<std::string>({2}, {"b", "?"})},
          {tensor<int64_t>({2}, {7, -1})},
          {{"keys_strings", Texts{"a", "b"}}, {"values_int64s", Ints{6, 7}}}}, 2),
      ml({"label_of_nan", "LabelEncoder", {tensor<float>({2}, {kNaN, 2})},
          {tensor<float>({2}, {9, 5})},
          {{"keys_floats", Floats{kNaN, 1}}, {"values_floats", Floats{9, 8}},
           {"default_float", 5.0f}}}, 2),
      ml({"labels_of_version_1", "LabelEncoder", {tensor<int64_t>({2}, {1, 4})},
          {tensor<std::string>({2}, {"b", "_Unused"})},
          {{"classes_strings", Texts{"a", "b"}}}}, 1),
      ml({"extractor", "ArrayFeatureExtractor",
          {tensor<float>({2, 3}, {1, 2, 3, 4, 5, 6}), tensor<int64_t>({2}, {2, 0})},
          {tensor<float>({2, 2}, {3, 1, 6, 4})}}, 1),
      ml({"binarizer", "Binarizer", {tensor<float>({3}, {0, 1, 2})},
          {tensor<float>({3}, {0, 0, 1})}, {{"threshold", 1.0f}}}, 1),
      ml({"scaler", "Scaler", {tensor<int64_t>({1, 2}, {3, 5})}, {tensor<float>({1, 2}, {4, 2})},
          {{"offset", Floats{1, 1}}, {"scale", Floats{2, 0.5f}}}}, 1),
      ml({"normalizer", "Normalizer", {tensor<float>({1, 2}, {3, -4})},
          {tensor<float>({1, 2}, {0.6f, -0.8f})}, {{"norm", std::string("L2")}}}, 1),
      ml({"imputer", "Imputer", {tensor<float>({1, 2}, {kNaN, 1})},
          {tensor<float>({1, 2}, {5, 1})},
          {{"imputed_value_floats", Floats{5}}, {"replaced_value_float", kNaN}}}, 1),
  };
}

CONVOY_OP_CASES(MachineLearning, cases());

TEST(MachineLearning, RefusesACycle) {
  Attributes attributes = stump("target", {0, 0}, {1, 1});
  attributes["nodes_modes"] = Texts{"BRANCH_LEQ", "BRANCH_LEQ", "LEAF"};
  attributes["nodes_truenodeids"] = Ints{1, 1, 0};
  attributes["nodes_falsenodeids"] = Ints{2, 2, 0};
  OpCase c = ml({"cycle", "TreeEnsembleRegressor", {tensor<float>({1, 1}, {0})}, {Tensor()},
                 attributes}, 3);
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
}

TEST(MachineLearning, RefusesAFeatureOutside) {
  Attributes attributes = stump("target", {0, 0}, {1, 1});
  attributes["nodes_featureids"] = Ints{1, 0, 0};
  OpCase c = ml({"feature", "TreeEnsembleRegressor", {tensor<float>({1, 1}, {0})}, {Tensor()},
                 attributes}, 3);
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
}

}  // namespace
}  // namespace convoy
