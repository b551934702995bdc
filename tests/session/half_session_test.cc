#include <gtest/gtest.h>

#include "runtime/session/session.h"
#include "tests/ops/op_case.h"
#include "tests/plan/row_model.h"

namespace convoy {
namespace {

using testing::add_op;
using testing::ramp;

Tensor halves(const Shape& shape, float scale) {
  Tensor wide = ramp(shape, scale);
  Tensor half = Tensor::allocate(DType::kFloat16, shape);
  std::copy(wide.data<float>(), wide.data<float>() + wide.count(), half.mutable_data<Float16>());
  return half;
}

// Tanh(Exp(x + row)) of Relu(Conv) for each of 4 rows, the width unknown.
Model make_half_model() {
  Model model;
  model.ir_version = 8;
  model.opsets[""] = 17;
  Graph& graph = model.graph;
  graph.opset = 17;
  ValueId x = graph.add_input("x", ValueType::tensor(DType::kFloat16, Shape{2, 3, 4, -1}));
  ValueId axis = graph.add_constant(Tensor::from_int64s(std::vector<int64_t>{2}), "axis");
  std::vector<ValueId> rows;
  for (int64_t h = 0; h < 4; ++h) {
    ValueId index = graph.add_constant(Tensor::scalar<int64_t>(h), "index");
    ValueId row = add_op(graph, "Gather", {x, index}, {{"axis", int64_t{2}}});
    float scale = 0.01F * static_cast<float>(h + 1);
    ValueId weight = graph.add_constant(halves({3, 3, 3}, scale), "w");
    ValueId bias = graph.add_constant(halves({3}, 0.1F), "b");
    ValueId y = add_op(graph, "Relu", {add_op(graph, "Conv", {row, weight, bias})});
    rows.push_back(add_op(graph, "Unsqueeze", {y, axis}));
  }
  ValueId joined = add_op(graph, "Concat", rows, {{"axis", int64_t{2}}});
  ValueId small = add_op(graph, "Neg", {joined});
  graph.add_output(add_op(graph, "Tanh", {add_op(graph, "Exp", {small})}, {}, "y"));
  return model;
}

// Rows of a Softmax times a column of ones: 1 where its numbers are not rounded to float16 between.
TEST(HalfSession, AProductTakesTheDigitsOfTheSoftmaxBefore) {
  Model model;
  model.ir_version = 8;
  model.opsets[""] = 17;
  Graph& graph = model.graph;
  graph.opset = 17;
  ValueId x = graph.add_input("x", ValueType::tensor(DType::kFloat16, Shape{1, 1950}));
  ValueId v = graph.add_input("v", ValueType::tensor(DType::kFloat16, Shape{1950, 1}));
  ValueId p = add_op(graph, "Softmax", {x}, {{"axis", int64_t{-1}}});
  graph.add_output(add_op(graph, "MatMul", {p, v}, {}, "y"));
  Session session(std::move(model));
  Tensor ones = halves({1950, 1}, 0);
  std::fill_n(ones.mutable_data<Float16>(), 1950, Float16(1.0F));
  Tensor y = session.run({{"x", halves({1, 1950}, 0)}, {"v", ones}})[0].tensor();
  EXPECT_EQ(static_cast<float>(*y.data<Float16>()), 1.0F);
}

TEST(HalfSession, RunsAsFloat32DoesAtEveryWidth) {
  SessionOptions plain;
  plain.optimize = false;
  Session apart(make_half_model(), plain);
  Session session(make_half_model());
  for (int64_t width : {9, 3, 200, 9}) {
    Tensor x = halves({2, 3, 4, width}, 0.02F);
    Tensor expected = apart.run({{"x", x}})[0].tensor();
    Tensor actual = session.run({{"x", x}})[0].tensor();
    // The nodes apart round after each step.
    expect_equal(actual, expected, 4 * 0x1p-10, "width " + std::to_string(width));
  }
  std::string text = session.explain({{"x", halves({2, 3, 4, 200}, 0.02F)}});
  EXPECT_NE(text.find("StackedConv direct "), std::string::npos) << text;
  EXPECT_NE(text.find("FusedElementwise"), std::string::npos) << text;
  EXPECT_EQ(text.find("copy"), std::string::npos) << text;
}

}  // namespace
}  // namespace convoy
