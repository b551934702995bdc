#include "runtime/op/work.h"

#include <gtest/gtest.h>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

ValueType floats(const Shape& shape) { return ValueType::tensor(DType::kFloat32, shape); }

double work(const char* op_type, const std::vector<ValueType>& inputs,
            const std::vector<ValueType>& outputs, Attributes attributes = {}) {
  Node node;
  node.op_type = op_type;
  node.version = 14;
  node.attributes = std::move(attributes);
  return Registry::standard().find(node)->multiply_adds(node, {inputs, outputs});
}

TEST(Work, EveryOutputOfConvMeetsTheWeightsOfItsGroup) {
  EXPECT_EQ(work("Conv", {floats({2, 6, 10}), floats({4, 3, 5})}, {floats({2, 4, 6})}),
            2 * 4 * 6 * 3 * 5);
}

TEST(Work, EveryInputOfConvTransposeMeetsTheWeightsOfItsGroup) {
  EXPECT_EQ(work("ConvTranspose", {floats({2, 4, 6}), floats({4, 3, 5})}, {floats({2, 6, 10})}),
            2 * 4 * 6 * 3 * 5);
}

TEST(Work, ProductsSumOverWhatBothOperandsHave) {
  EXPECT_EQ(work("MatMul", {floats({7, 2, 3}), floats({3, 5})}, {floats({7, 2, 5})}),
            7 * 2 * 5 * 3);
  EXPECT_EQ(
      work("Gemm", {floats({3, 2}), floats({3, 5})}, {floats({2, 5})}, {{"transA", int64_t{1}}}),
      2 * 5 * 3);
}

TEST(Work, EveryStepOfLstmMeetsAllWeights) {
  EXPECT_EQ(work("LSTM", {floats({9, 2, 3}), floats({1, 16, 3}), floats({1, 16, 4})}, {}),
            9 * 2 * (16 * 3 + 16 * 4));
}

TEST(Work, NothingIsNothing) {
  EXPECT_EQ(work("Conv", {floats({1, 3, 8}), floats({0, 3, 5})}, {floats({1, 0, 4})}), 0);
  EXPECT_EQ(work("Conv", {floats({1, 3, 8})}, {}), 1);  // sizes that are not known count as 1
}

}  // namespace
}  // namespace convoy
