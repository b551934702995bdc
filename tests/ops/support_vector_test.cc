// Expected numbers are ONNX Runtime's.
#include "tests/ops/op_case.h"

namespace convoy {
namespace {

using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;
using Texts = std::vector<std::string>;

OpCase ml(OpCase c) {
  c.domain = "ai.onnx.ml";
  c.version = 1;
  c.within = 1e-4;
  return c;
}

const Tensor kRows = tensor<float>({2, 2}, {0.3f, 0, 1, 0.5f});

Attributes two_classes(const std::string& transform, bool probabilities) {
  Attributes attributes = {{"coefficients", Floats{1, -0.5f, -0.3f}},
                           {"support_vectors", Floats{0, 1, 1, 1, 0.2f, 0.3f}},
                           {"vectors_per_class", Ints{1, 2}},
                           {"rho", Floats{0.1f}},
                           {"kernel_type", std::string("RBF")},
                           {"kernel_params", Floats{0.5f, 0, 3}},
                           {"post_transform", transform},
                           {"classlabels_ints", Ints{10, 20}}};
  if (probabilities) {
    attributes["prob_a"] = Floats{-1};
    attributes["prob_b"] = Floats{0.2f};
  }
  return attributes;
}

Attributes three_classes(const std::string& transform, bool probabilities) {
  Attributes attributes = {{"coefficients", Floats{1, -0.5f, -0.3f, 0.3f, 0.2f, -0.4f}},
                           {"support_vectors", Floats{0, 1, 1, 1, 0.2f, 0.3f}},
                           {"vectors_per_class", Ints{1, 1, 1}},
                           {"rho", Floats{0.1f, 0, -0.1f}},
                           {"kernel_type", std::string("POLY")},
                           {"kernel_params", Floats{0.5f, 0.1f, 3}},
                           {"post_transform", transform},
                           {"classlabels_strings", Texts{"a", "b", "c"}}};
  if (probabilities) {
    attributes["prob_a"] = Floats{-1, -2, -0.5f};
    attributes["prob_b"] = Floats{0.2f, 0, 0.1f};
  }
  return attributes;
}

Attributes linear(const Floats& coefficients, const Floats& rho, const Ints& labels) {
  return {{"coefficients", coefficients}, {"rho", rho}, {"classlabels_ints", labels}};
}

OpCase two(const std::string& transform, bool probabilities, std::initializer_list<float> scores) {
  return ml({(probabilities ? "two_probabilities_" : "two_") + transform,
             "SVMClassifier",
             {kRows},
             {tensor<int64_t>({2}, {10, 20}), tensor<float>({2, 2}, scores)},
             two_classes(transform, probabilities)});
}

OpCase three(const std::string& transform, bool probabilities,
             std::initializer_list<float> scores) {
  return ml({(probabilities ? "three_probabilities_" : "three_") + transform,
             "SVMClassifier",
             {kRows},
             {tensor<std::string>({2}, {"c", "b"}), tensor<float>({2, 3}, scores)},
             three_classes(transform, probabilities)});
}

std::vector<OpCase> cases() {
  const Attributes sigmoid = {{"coefficients", Floats{1, -0.5f}},
                              {"support_vectors", Floats{0, 1, 1, 1}},
                              {"n_supports", int64_t{2}},
                              {"rho", Floats{0.1f}},
                              {"kernel_type", std::string("SIGMOID")},
                              {"kernel_params", Floats{0.5f, 0.2f, 3}}};
  return {
      two("NONE", false, {-0.15711f, 0.15711f, 0.01952f, -0.01952f}),
      two("LOGISTIC", false, {0.4608f, 0.5392f, 0.50488f, 0.49512f}),
      two("SOFTMAX", false, {0.84289f, 0.15711f, 1.01952f, -0.01952f}),
      two("NONE", true, {0.48928f, 0.51072f, 0.44526f, 0.55474f}),
      two("LOGISTIC", true, {0.61994f, 0.62498f, 0.60951f, 0.63523f}),
      two("SOFTMAX_ZERO", true, {0.49464f, 0.50536f, 0.47266f, 0.52734f}),
      two("PROBIT", true, {-0.02687f, 0.02687f, -0.13764f, 0.13764f}),
      three("NONE", false, {0.09319f, -0.00036f, -0.09775f, -0.16419f, 0.00662f, 0.01451f}),
      three("SOFTMAX", false, {0.36538f, 0.33275f, 0.30187f, 0.2957f, 0.35077f, 0.35354f}),
      three("NONE", true, {0.32164f, 0.32804f, 0.35032f, 0.29378f, 0.36159f, 0.34463f}),
      ml({"linear_mixed",
          "SVMClassifier",
          {kRows},
          {tensor<int64_t>({2}, {20, 20}), tensor<float>({2, 2}, {0.4f, 0.01f, 0.85f, -0.1f})},
          linear({1, -0.5f, -0.3f, 0.2f}, {0.1f}, {10, 20})}),
      ml({"linear_positive",
          "SVMClassifier",
          {kRows},
          {tensor<int64_t>({2}, {10, 20}), tensor<float>({2, 2}, {0.25f, 0.19f, 0.85f, 0.5f})},
          linear({0.5f, 0.5f, 0.3f, 0.2f}, {0.1f}, {10, 20})}),
      ml({"linear_three",
          "SVMClassifier",
          {kRows},
          {tensor<int64_t>({2}, {10, 10}),
           tensor<float>({2, 3}, {0.25f, 0.19f, -0.2f, 0.85f, 0.5f, -1.9f})},
          linear({0.5f, 0.5f, 0.3f, 0.2f, -1, -2}, {0.1f, 0.2f, 0.3f}, {10, 20, 30})}),
      ml({"regressor",
          "SVMRegressor",
          {kRows},
          {tensor<float>({2, 1}, {0.12919f, 0.15201f})},
          sigmoid}),
      ml({"one_class",
          "SVMRegressor",
          {tensor<double>({2, 2}, {0, 1, 1, 0})},
          {tensor<float>({2, 1}, {-1, 1})},
          {{"coefficients", Floats{1, -0.5f}}, {"rho", Floats{0.1f}}, {"one_class", int64_t{1}}}}),
  };
}

CONVOY_OP_CASES(SupportVector, cases());

TEST(SupportVector, RefusesListsThatDoNotFit) {
  for (const char* name : {"coefficients", "rho", "support_vectors", "prob_a"}) {
    OpCase c = three("NONE", true, {0, 0, 0, 0, 0, 0});
    c.attributes[name] = Floats{1};
    EXPECT_THROW(evaluate_case(c, c.inputs), Error) << name;
  }
  for (const Ints& counts : {Ints{1, 1}, Ints{-1, 1, 3}, Ints{1, 1, int64_t{1} << 62}}) {
    OpCase c = three("NONE", true, {0, 0, 0, 0, 0, 0});
    c.attributes["vectors_per_class"] = counts;
    EXPECT_THROW(evaluate_case(c, c.inputs), Error);
  }
}

}  // namespace
}  // namespace convoy
