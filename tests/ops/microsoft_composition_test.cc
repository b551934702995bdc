// How the compositions of com.microsoft are expanded. Numbers by ONNX Runtime 1.32.
#include "tests/ops/op_case.h"
#include "tests/ops/text_model.h"

namespace convoy {
namespace {

constexpr double kWithin = 1e-5;  // the numbers have six digits

Tensor row(std::initializer_list<float> values) {
  return tensor<float>({static_cast<int64_t>(values.size())}, values);
}

std::unique_ptr<Session> session_of(const std::string& inputs, const std::string& outputs,
                                    const std::string& node) {
  return testing::session_of_text(R"(<ir_version: 8, opset_import: ["" : 17, "com.microsoft" : 1]>
    m ()" + inputs + ") => (" + outputs +
                                  ") {" + node + "}");
}

std::string refusal(const std::string& inputs, const std::string& node) {
  try {
    session_of(inputs, "float[a, b] y", node);
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

TEST(MicrosoftComposition, LeavesOutInputs) {
  auto session = session_of("float[a, 2] x, float[2] b", "float[a, 2] y, float[a, 2] z",
                            "y = com.microsoft.FastGelu(x) z = com.microsoft.FastGelu(x, b)");
  auto results = session->run({{"x", tensor<float>({1, 2}, {1, -1})}, {"b", row({1, -1})}});
  expect_equal(results[0].tensor(), tensor<float>({1, 2}, {0.841192f, -0.158808f}), kWithin, "y");
  expect_equal(results[1].tensor(), tensor<float>({1, 2}, {1.9546f, -0.0454023f}), kWithin, "z");
}

TEST(MicrosoftComposition, TakesAttributesOrTheirDefaults) {
  const std::string inputs = "float[2, 2] a, float[2, 2] b";
  auto session = session_of(inputs, "float[2, 2] y, float[2, 2] z",
                            "y = com.microsoft.FusedMatMul <transA = 1, alpha = 2.0> (a, b) "
                            "z = com.microsoft.FusedMatMul(a, b)");
  auto results = session->run(
      {{"a", tensor<float>({2, 2}, {1, 2, 3, 4})}, {"b", tensor<float>({2, 2}, {1, 0, 1, 1})}});
  expect_equal(results[0].tensor(), tensor<float>({2, 2}, {8, 6, 12, 8}), 0, "y");
  expect_equal(results[1].tensor(), tensor<float>({2, 2}, {3, 2, 7, 4}), 0, "z");
}

TEST(MicrosoftComposition, LeavesOutOutputs) {
  auto session = session_of("float[1, r, 4] x, float[1, r, 4] s, float[4] g",
                            "float[1, r, 4] y, float[1, r, 4] sum",
                            "y, , , sum = com.microsoft.SkipLayerNormalization(x, s, g)");
  auto results = session->run({{"x", tensor<float>({1, 1, 4}, {1, 2, 3, 4})},
                               {"s", tensor<float>({1, 1, 4}, {0, 1, 0, 1})},
                               {"g", row({1, 1, 2, 1})}});
  expect_equal(results[0].tensor(), tensor<float>({1, 1, 4}, {-1.41421f, 0, 0, 1.41421f}), kWithin,
               "y");
  expect_equal(results[1].tensor(), tensor<float>({1, 1, 4}, {1, 3, 3, 5}), 0, "sum");
}

TEST(MicrosoftComposition, NamesAnAttributeThatIsNotKnown) {
  std::string said = refusal("float[a, b] x", "y = com.microsoft.QuickGelu <alfa = 1.0> (x)");
  EXPECT_NE(said.find("'alfa' is not known"), std::string::npos) << said;
  EXPECT_NE(said.find("com.microsoft::QuickGelu"), std::string::npos) << said;
}

TEST(MicrosoftComposition, NamesAnInputThatIsMissing) {
  std::string said = refusal("float[a, b] x", "y = com.microsoft.BiasGelu(x)");
  EXPECT_NE(said.find("the input 'B' is missing"), std::string::npos) << said;
  EXPECT_NE(said.find("node 'y' (com.microsoft::BiasGelu)"), std::string::npos) << said;
  said = refusal("float[a, b] x", "y = com.microsoft.FusedMatMul(, x)");
  EXPECT_NE(said.find("the input 'A' is missing"), std::string::npos) << said;
}

TEST(MicrosoftComposition, NamesAnActivationThatIsNotKnown) {
  std::string said =
      refusal("float[a, b] x", R"(y = com.microsoft.FusedGemm <activation = "Sinus"> (x, x))");
  EXPECT_NE(said.find("the activation 'Sinus' is not known"), std::string::npos) << said;
  EXPECT_NE(said.find("node 'y' (com.microsoft::FusedGemm)"), std::string::npos) << said;
}

// The rank that the body of FusedMatMul asks for comes through a kernel that ONNX does not know.
TEST(MicrosoftComposition, KnowsTypesBehindKernels) {
  auto session = session_of("float[batch, rows, 8] x", "float[batch, rows, r2] y",
                            "h = com.microsoft.MultiHeadAttention <num_heads = 2> (x, x, x) "
                            "t = com.microsoft.FusedMatMul <transB = 1> (h, h) y = Relu(t)");
  const Graph& graph = session->model().graph;
  bool transposes = false;
  for (size_t i = 0; i < graph.value_count(); ++i) {
    const ValueInfo& value = graph.value(static_cast<ValueId>(i));
    if (value.removed || value.producer == NodeId::kNone) continue;
    EXPECT_EQ(value.type.rank(), 3) << value.name << ": " << to_string(value.type);
    transposes |= graph.node(value.producer).is("Transpose");
    EXPECT_FALSE(graph.node(value.producer).is("Einsum"));
  }
  EXPECT_TRUE(transposes);
}

// Attention: a product, then the private operator.
TEST(MicrosoftComposition, EndsInAPrivateOperator) {
  auto session = testing::session_of_text(R"(
    <ir_version: 8, opset_import: ["" : 17, "com.microsoft" : 1]>
    m (float[1, r, 2] x, float[2, 6] w, int32[1] lengths) => (float[1, r, 2] y) {
      y = com.microsoft.Attention <num_heads = 1, mask_filter_value = -1.0> (x, w, , lengths)
    })");
  const Tensor w = tensor<float>({2, 6}, {1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1});
  Tensor y = session
                 ->run({{"x", tensor<float>({1, 2, 2}, {1, 0, 0, 2})},
                        {"w", w},
                        {"lengths", tensor<int32_t>({1}, {1})}})[0]
                 .tensor();
  expect_equal(y, tensor<float>({1, 2, 2}, {0.846461f, 0.307079f, 0.138426f, 1.72315f}), kWithin,
               "y");
}

}  // namespace
}  // namespace convoy
