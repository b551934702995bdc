#include "tests/ops/op_case.h"

namespace convoy {
namespace {

std::vector<OpCase> cases() {
  const Tensor logs = tensor<float>({2, 2}, {-1, -2, -3, -5});
  const Tensor labels = tensor<int64_t>({2}, {1, 0});
  const Tensor weights = tensor<float>({2}, {3, 1});
  const Attributes none = {{"reduction", std::string("none")}};
  const float log2 = 0.69314718f;
  return {
      {"none", "NegativeLogLikelihoodLoss", {logs, labels}, {tensor<float>({2}, {2, 3})}, none, 13},
      {"mean", "NegativeLogLikelihoodLoss", {logs, labels}, {tensor<float>({}, {2.5f})}, {}, 13},
      {"weighted_mean",
       "NegativeLogLikelihoodLoss",
       {logs, labels, weights},
       {tensor<float>({}, {2.75f})},
       {},
       13},
      {"ignored",
       "NegativeLogLikelihoodLoss",
       {logs, tensor<int32_t>({2}, {-7, 1})},
       {tensor<float>({2}, {0, 5})},
       {{"reduction", std::string("none")}, {"ignore_index", int64_t{-7}}},
       13},
      {"inner_dimensions",
       "NegativeLogLikelihoodLoss",
       {tensor<float>({1, 2, 2}, {-1, -2, -3, -5}), tensor<int64_t>({1, 2}, {1, 0})},
       {tensor<float>({1, 2}, {3, 2})},
       none,
       13},
      {"softmax",
       "SoftmaxCrossEntropyLoss",
       {tensor<float>({1, 2}, {4, 4}), tensor<int64_t>({1}, {0})},
       {tensor<float>({}, {log2}), tensor<float>({1, 2}, {-log2, -log2})},
       {},
       13,
       1e-6},
  };
}

CONVOY_OP_CASES(CrossEntropy, cases());

TEST(CrossEntropy, RefusesALabelOutside) {
  OpCase c = cases()[0];
  c.inputs[1] = tensor<int64_t>({2}, {1, 2});
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
}

}  // namespace
}  // namespace convoy
