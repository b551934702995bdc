// Expected numbers are ONNX Runtime's where it follows ONNX, else by the definition.
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
  c.within = 5e-5;
  return c;
}

// x ≤ 0.5 gives the first leaf, anything else the second.
Attributes stump(const std::string& prefix, const Ints& ids, const Floats& weights) {
  return {
      {"nodes_treeids", Ints{0, 0, 0}},      {"nodes_nodeids", Ints{0, 1, 2}},
      {"nodes_featureids", Ints{0, 0, 0}},   {"nodes_modes", Texts{"BRANCH_LEQ", "LEAF", "LEAF"}},
      {"nodes_values", Floats{0.5f, 0, 0}},  {"nodes_truenodeids", Ints{1, 0, 0}},
      {"nodes_falsenodeids", Ints{2, 0, 0}}, {prefix + "_treeids", Ints{0, 0}},
      {prefix + "_nodeids", Ints{1, 2}},     {prefix + "_ids", ids},
      {prefix + "_weights", weights}};
}

const Tensor kRows = tensor<float>({3, 1}, {0, 1, kNaN});
const Tensor kTwoRows = tensor<float>({2, 1}, {0, 1});

// Two classes, of which only one has weights.
OpCase lonely(const std::string& name, int64_t id, const Floats& weights, const Floats& base,
              const std::string& transform, std::initializer_list<int64_t> labels,
              std::initializer_list<float> scores) {
  Attributes attributes = stump("class", {id, id}, weights);
  attributes["classlabels_int64s"] = Ints{10, 20};
  attributes["post_transform"] = transform;
  if (!base.empty()) attributes["base_values"] = base;
  return ml({name,
             "TreeEnsembleClassifier",
             {kTwoRows},
             {tensor<int64_t>({2}, labels), tensor<float>({2, 2}, scores)},
             attributes},
            3);
}

std::vector<OpCase> lonely_cases() {
  const Floats shares{0.3f, 0.8f};
  const Floats margins{-1, 2};
  return {
      lonely("shares", 0, shares, {}, "NONE", {10, 20}, {0.7f, 0.3f, 0.2f, 0.8f}),
      lonely("shares_logistic", 0, shares, {}, "LOGISTIC", {10, 20},
             {0.42556f, 0.57444f, 0.31003f, 0.68997f}),
      lonely("shares_softmax", 0, shares, {}, "SOFTMAX", {10, 20}, {0.7f, 0.3f, 0.2f, 0.8f}),
      lonely("shares_base", 0, shares, {0.25f}, "NONE", {20, 20}, {0.45f, 0.55f, -0.05f, 1.05f}),
      lonely("shares_base_logistic", 0, shares, {0.25f}, "LOGISTIC", {20, 20},
             {0.36586f, 0.63414f, 0.25923f, 0.74077f}),
      lonely("margins", 0, margins, {}, "NONE", {10, 20}, {1, -1, -2, 2}),
      lonely("margins_logistic", 0, margins, {}, "LOGISTIC", {10, 20},
             {0.73106f, 0.26894f, 0.1192f, 0.8808f}),
      lonely("margins_softmax_zero", 0, margins, {}, "SOFTMAX_ZERO", {10, 20}, {1, -1, -2, 2}),
      lonely("margins_base_logistic", 0, margins, {0.25f}, "LOGISTIC", {10, 20},
             {0.67918f, 0.32082f, 0.09535f, 0.90465f}),
      lonely("second", 1, shares, {}, "NONE", {10, 20}, {0, 0.3f, 0, 0.8f}),
      lonely("second_logistic", 1, margins, {}, "LOGISTIC", {10, 20},
             {0.5f, 0.26894f, 0.5f, 0.8808f}),
      lonely("second_softmax", 1, margins, {}, "SOFTMAX", {10, 20},
             {0.73106f, 0.26894f, 0.1192f, 0.8808f}),
  };
}

// Five trees of one leaf, 0.1 each, which is 0.5 in float32 and above it in float64.
OpCase tie() {
  constexpr int64_t kTrees = 5;
  Attributes attributes = {
      {"nodes_modes", Texts(kTrees, "LEAF")},  {"nodes_nodeids", Ints(kTrees, 0)},
      {"nodes_featureids", Ints(kTrees, 0)},   {"nodes_values", Floats(kTrees, 0)},
      {"nodes_truenodeids", Ints(kTrees, 0)},  {"nodes_falsenodeids", Ints(kTrees, 0)},
      {"class_nodeids", Ints(kTrees, 0)},      {"class_ids", Ints(kTrees, 0)},
      {"class_weights", Floats(kTrees, 0.1f)}, {"classlabels_strings", Texts{"no", "yes"}}};
  attributes["nodes_treeids"] = attributes["class_treeids"] = Ints{0, 1, 2, 3, 4};
  return ml({"tie_of_float32_sums",
             "TreeEnsembleClassifier",
             {tensor<float>({1, 1}, {0})},
             {tensor<std::string>({1}, {"no"}), tensor<float>({1, 2}, {0.5f, 0.5f})},
             attributes},
            1);
}

std::vector<OpCase> cases() {
  Attributes regressor = stump("target", {0, 0}, {-2, 4});
  regressor["base_values"] = Floats{1};
  Attributes stays = regressor;
  stays["post_transform"] = std::string("LOGISTIC");
  Attributes classifier = stump("class", {0, 1}, {1, 1});
  classifier["classlabels_strings"] = Texts{"no", "yes"};
  Attributes three = stump("class", {0, 2}, {1, 3});
  three["classlabels_int64s"] = Ints{5, 6, 7};
  three["base_values"] = Floats{0, 2, 0};
  three["post_transform"] = std::string("SOFTMAX");
  std::vector<OpCase> all = lonely_cases();
  all.push_back(tie());
  all.push_back(ml({"regressor",
                    "TreeEnsembleRegressor",
                    {kRows},
                    {tensor<float>({3, 1}, {-1, 5, 5})},
                    regressor},
                   3));
  all.push_back(ml({"one_target_stays",
                    "TreeEnsembleRegressor",
                    {kRows},
                    {tensor<float>({3, 1}, {-1, 5, 5})},
                    stays},
                   1));
  all.push_back(ml({"regressor_of_integers",
                    "TreeEnsembleRegressor",
                    {tensor<int64_t>({2, 1}, {0, 1})},
                    {tensor<float>({2, 1}, {-1, 5})},
                    regressor},
                   3));
  all.push_back(ml(
      {"classifier",
       "TreeEnsembleClassifier",
       {kRows},
       {tensor<std::string>({3}, {"no", "yes", "yes"}), tensor<float>({3, 2}, {1, 0, 0, 1, 0, 1})},
       classifier},
      1));
  all.push_back(
      ml({"three_classes",
          "TreeEnsembleClassifier",
          {kTwoRows},
          {tensor<int64_t>({2}, {6, 7}),
           tensor<float>({2, 3}, {0.24473f, 0.66524f, 0.09003f, 0.03512f, 0.25950f, 0.70538f})},
          three},
         1));
  return all;
}

CONVOY_OP_CASES(TreeEnsembles, cases());

TEST(TreeEnsembles, RefusesACycle) {
  Attributes attributes = stump("target", {0, 0}, {1, 1});
  attributes["nodes_modes"] = Texts{"BRANCH_LEQ", "BRANCH_LEQ", "LEAF"};
  attributes["nodes_truenodeids"] = Ints{1, 1, 0};
  attributes["nodes_falsenodeids"] = Ints{2, 2, 0};
  OpCase c = ml(
      {"cycle", "TreeEnsembleRegressor", {tensor<float>({1, 1}, {0})}, {Tensor()}, attributes}, 3);
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
}

TEST(TreeEnsembles, RefusesAFeatureOutside) {
  Attributes attributes = stump("target", {0, 0}, {1, 1});
  attributes["nodes_featureids"] = Ints{1, 0, 0};
  OpCase c =
      ml({"feature", "TreeEnsembleRegressor", {tensor<float>({1, 1}, {0})}, {Tensor()}, attributes},
         3);
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
}

TEST(TreeEnsembles, RefusesANodeListedTwice) {
  Attributes attributes = stump("target", {0, 0}, {1, 1});
  attributes["nodes_nodeids"] = Ints{0, 1, 1};
  OpCase c = ml(
      {"twice", "TreeEnsembleRegressor", {tensor<float>({1, 1}, {0})}, {Tensor()}, attributes}, 3);
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
}

}  // namespace
}  // namespace convoy
