// Expected numbers are ONNX Runtime's; of PROBIT with one score, by the definition.
#include "tests/ops/op_case.h"

namespace convoy {
namespace {

using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;
using Texts = std::vector<std::string>;

OpCase ml(OpCase c) {
  c.domain = "ai.onnx.ml";
  c.version = 1;
  c.within = 2e-5;
  return c;
}

const Tensor kRows = tensor<float>({2, 2}, {0.3f, 0, 1, 0.5f});

// Two classes by one row of coefficients.
OpCase one_row(const std::string& transform, std::initializer_list<float> scores) {
  return ml({"one_row_" + transform,
             "LinearClassifier",
             {kRows},
             {tensor<int64_t>({2}, {20, 10}), tensor<float>({2, 2}, scores)},
             {{"coefficients", Floats{1, -3}},
              {"intercepts", Floats{0.1f}},
              {"classlabels_ints", Ints{10, 20}},
              {"post_transform", transform}}});
}

OpCase two_rows(const std::string& transform, std::initializer_list<float> scores) {
  return ml({"two_rows_" + transform,
             "LinearClassifier",
             {kRows},
             {tensor<std::string>({2}, {"a", "b"}), tensor<float>({2, 2}, scores)},
             {{"coefficients", Floats{1, -3, 0.2f, 0.4f}},
              {"intercepts", Floats{0.1f, 0}},
              {"classlabels_strings", Texts{"a", "b"}},
              {"post_transform", transform}}});
}

OpCase regressor(const std::string& name, int64_t targets, const std::string& transform,
                 std::initializer_list<float> scores) {
  Floats coefficients{1, -3, 0.2f, 0.4f};
  Floats intercepts{0.1f, 0.3f};
  coefficients.resize(static_cast<size_t>(targets) * 2);
  intercepts.resize(static_cast<size_t>(targets));
  return ml({name,
             "LinearRegressor",
             {kRows},
             {tensor<float>({2, targets}, scores)},
             {{"coefficients", coefficients},
              {"intercepts", intercepts},
              {"targets", targets},
              {"post_transform", transform}}});
}

std::vector<OpCase> cases() {
  std::vector<OpCase> all = {
      one_row("NONE", {0.6f, 0.4f, 1.4f, -0.4f}),
      one_row("LOGISTIC", {0.40131f, 0.59869f, 0.59869f, 0.40131f}),
      one_row("SOFTMAX", {0.6f, 0.4f, 1.4f, -0.4f}),
      one_row("SOFTMAX_ZERO", {0.6f, 0.4f, 1.4f, -0.4f}),
      two_rows("NONE", {0.4f, 0.06f, -0.4f, 0.4f}),
      two_rows("LOGISTIC", {0.59869f, 0.515f, 0.40131f, 0.59869f}),
      two_rows("SOFTMAX", {0.58419f, 0.41581f, 0.31003f, 0.68997f}),
      two_rows("SOFTMAX_ZERO", {0.58419f, 0.41581f, 0.31003f, 0.68997f}),
      regressor("one_target", 1, "NONE", {0.4f, -0.4f}),
      regressor("one_target_stays", 1, "LOGISTIC", {0.4f, -0.4f}),
      regressor("two_targets", 2, "NONE", {0.4f, 0.36f, -0.4f, 0.7f}),
      regressor("two_targets_logistic", 2, "LOGISTIC", {0.59869f, 0.58904f, 0.40131f, 0.66819f}),
      regressor("two_targets_softmax", 2, "SOFTMAX", {0.51f, 0.49f, 0.24974f, 0.75026f}),
  };
  all.push_back(ml({"no_labels",
                    "LinearClassifier",
                    {kRows},
                    {tensor<int64_t>({2}, {1, 0}), tensor<float>({2, 1}, {0.4f, -0.4f})},
                    {{"coefficients", Floats{1, -3}}, {"intercepts", Floats{0.1f}}}}));
  all.push_back(ml({"one_sample_of_integers",
                    "LinearClassifier",
                    {tensor<int64_t>({2}, {3, 1})},
                    {tensor<int64_t>({1}, {20}), tensor<float>({1, 2}, {0.1f, 1})},
                    {{"coefficients", Floats{1, -3, 0.2f, 0.4f}},
                     {"intercepts", Floats{0.1f, 0}},
                     {"classlabels_ints", Ints{10, 20}}}}));
  all.push_back(
      ml({"no_intercepts",
          "LinearClassifier",
          {tensor<double>({1, 2}, {0.3, 0})},
          {tensor<int64_t>({1}, {10}), tensor<float>({1, 2}, {0.3f, 0.06f})},
          {{"coefficients", Floats{1, -3, 0.2f, 0.4f}}, {"classlabels_ints", Ints{10, 20}}}}));
  all.push_back(ml({"integers",
                    "LinearRegressor",
                    {tensor<int32_t>({1, 2}, {2, 1})},
                    {tensor<float>({1, 1}, {-1})},
                    {{"coefficients", Floats{1, -3}}}}));
  return all;
}

CONVOY_OP_CASES(LinearModel, cases());

TEST(LinearModel, RefusesListsThatDoNotFit) {
  OpCase c = two_rows("NONE", {0, 0, 0, 0});
  c.attributes["classlabels_strings"] = Texts{"a", "b", "c"};
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
  c.attributes["classlabels_strings"] = Texts{"a", "b"};
  c.attributes["coefficients"] = Floats{1, 2, 3};
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
  OpCase r = regressor("r", 2, "NONE", {0, 0, 0, 0});
  r.attributes["targets"] = int64_t{1} << 40;
  EXPECT_THROW(evaluate_case(r, r.inputs), Error);
}

}  // namespace
}  // namespace convoy
