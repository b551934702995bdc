// Gradient, against derivatives by hand and by differences in float64.
#include "tests/ops/op_case.h"
#include "tests/ops/text_model.h"

#include <fmt/format.h>

namespace convoy {
namespace {

using testing::session_of_text;

std::string model(const std::string& signature, const std::string& body, int opset = 17) {
  return fmt::format(
      R"(<ir_version: 8, opset_import: ["" : {}, "ai.onnx.preview.training" : 1]>
      g {} {{ {} }})",
      opset, signature, body);
}

Tensor floats(std::initializer_list<float> values) {
  return tensor<float>({static_cast<int64_t>(values.size())}, values);
}

TEST(Gradient, OfASumTimesAnOperand) {
  auto session =
      session_of_text(model("(float[] a, float[] b) => (float[] d, float[] da, float[] db)", R"(
        c = Add(a, b)
        d = Mul(c, a)
        da, db = ai.onnx.preview.training.Gradient <xs = ["a", "b"], y = "d"> (a, b))",
                            12));
  auto outputs = session->run({{"a", tensor<float>({}, {1})}, {"b", tensor<float>({}, {2})}});
  expect_equal(outputs[1].tensor(), tensor<float>({}, {4}), 1e-6, "da");
  expect_equal(outputs[2].tensor(), tensor<float>({}, {1}), 1e-6, "db");
}

// What was broadcast is summed, and the result has the operand's shape.
TEST(Gradient, OfABroadcastOperand) {
  auto session =
      session_of_text(model("(float[2, N] a, float[N] b) => (float[2, N] da, float[N] db)", R"(
        c = Mul(a, b)
        da, db = ai.onnx.preview.training.Gradient <xs = ["a", "b"], y = "c"> (a, b))"));
  auto outputs =
      session->run({{"a", tensor<float>({2, 3}, {1, 2, 3, 4, 5, 6})}, {"b", floats({10, 20, 30})}});
  expect_equal(outputs[0].tensor(), tensor<float>({2, 3}, {10, 20, 30, 10, 20, 30}), 1e-6, "da");
  expect_equal(outputs[1].tensor(), floats({5, 7, 9}), 1e-6, "db");
}

// At another place than the one at which the graph computes c; z stays as it is fed.
TEST(Gradient, IsTakenWhereItsInputsAre) {
  auto session = session_of_text(
      model("(float[1] a, float[1] z, float[1] other) => (float[1] c, float[1] da)", R"(
        square = Mul(a, a)
        c = Mul(square, z)
        da = ai.onnx.preview.training.Gradient <xs = ["a"], zs = ["z"], y = "c"> (other, z))"));
  auto outputs = session->run({{"a", floats({2})}, {"z", floats({10})}, {"other", floats({3})}});
  expect_equal(outputs[0].tensor(), floats({40}), 1e-6, "c");
  expect_equal(outputs[1].tensor(), floats({60}), 1e-6, "da");
}

TEST(Gradient, OfWhatDoesNotDependIsZero) {
  auto session = session_of_text(model("(float[2] a, float[2] b) => (float[2] da)", R"(
        c = Exp(b)
        da = ai.onnx.preview.training.Gradient <xs = ["a"], y = "c"> (a))"));
  auto outputs = session->run({{"a", floats({1, 2})}, {"b", floats({1, 2})}});
  expect_equal(outputs[0].tensor(), floats({0, 0}), 0, "da");
}

TEST(Gradient, NamesOperatorsThatItDoesNotKnow) {
  try {
    session_of_text(model("(float[2] a) => (float[2] da)", R"(
        c = CumSum(a, axis)
        axis = Constant <value = int64 {0}> ()
        da = ai.onnx.preview.training.Gradient <xs = ["a"], y = "c"> (a))"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_NE(std::string(error.what()).find("CumSum"), std::string::npos) << error.what();
  }
}

// Each rule against differences of the sum of y.
class GradientRules : public ::testing::TestWithParam<const char*> {};

TEST_P(GradientRules, AgreeWithDifferences) {
  auto session = session_of_text(
      model("(double[3, 2] a, double[2, 3] b) => (double[] y, double[3, 2] da, double[2, 3] db)",
            std::string(GetParam()) + R"(
        da, db = ai.onnx.preview.training.Gradient <xs = ["a", "b"], y = "y"> (a, b))"));
  Tensor inputs[2] = {tensor<double>({3, 2}, {0.3, 0.7, 1.1, 0.4, 0.9, 1.3}),
                      tensor<double>({2, 3}, {0.5, 1.2, 0.8, 0.6, 1.4, 0.2})};
  const std::vector<std::string> names[2] = {{"y"}, {"da", "db"}};
  auto total = [&] {
    auto outputs = session->run({{"a", inputs[0]}, {"b", inputs[1]}}, names[0]);
    double sum = 0;
    for (double value : to_doubles(outputs[0].tensor())) sum += value;
    return sum;
  };
  auto outputs = session->run({{"a", inputs[0]}, {"b", inputs[1]}}, names[1]);
  constexpr double kStep = 1e-5;
  for (size_t k = 0; k < 2; ++k) {
    std::vector<double> found = to_doubles(outputs[k].tensor());
    ASSERT_EQ(outputs[k].tensor().shape(), inputs[k].shape());
    Tensor before = inputs[k].clone();
    for (size_t i = 0; i < found.size(); ++i) {
      auto moved = [&](double by) {
        inputs[k] = before.clone();
        inputs[k].mutable_data<double>()[i] += by;
        return total();
      };
      double difference = (moved(kStep) - moved(-kStep)) / (2 * kStep);
      EXPECT_NEAR(found[i], difference, 1e-6) << "operand " << k << ", element " << i;
    }
    inputs[k] = before;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Operators, GradientRules,
    ::testing::Values("y = MatMul(a, b)", "y = MatMul(b, a)", "t = Exp(a) y = Mul(t, t)",
                      "t = Log(a) y = Sqrt(b)", "t = Sin(a) y = Cos(t)", "t = Tanh(a) y = Exp(t)",
                      "t = Sigmoid(a) y = Softplus(t)", "t = Reciprocal(a) u = Abs(t) y = Neg(u)",
                      "t = Relu(a) u = Identity(t) y = Sum(u, a, u)",
                      "t = Transpose<perm = [1, 0]>(a) s = Sub(t, b) d = Div(s, b) y = Mul(d, s)",
                      "t = Transpose(a) y = Pow(t, b)",
                      "t = ReduceSum<keepdims = 0>(a) y = Mul(t, t)",
                      "t = ReduceMean<axes = [1], keepdims = 0>(a) y = Exp(t)",
                      "t = ReduceMean<keepdims = 1>(b) y = Mul(t, b)",
                      "t = Flatten(b) s = Shape(a) u = Reshape(t, s) y = Mul(u, a)"));

TEST(Gradient, OfAnOrderThatIsNone) {
  for (const char* perm : {"[3]", "[0, 0, 1, 2]", "[0, 1, 2, 7]"}) {
    std::string body = fmt::format(R"(
        c = Transpose <perm = {}> (a)
        da = ai.onnx.preview.training.Gradient <xs = ["a"], y = "c"> (a))",
                                   perm);
    std::string signature = "(float[1, 2, 3, 4] a) => (float[1, 2, 3, 4] da)";
    EXPECT_THROW(session_of_text(model(signature, body))->run({{"a", pattern({1, 2, 3, 4})}}),
                 Error);
  }
}

}  // namespace
}  // namespace convoy
