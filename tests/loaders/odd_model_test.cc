// Models that break a rule of ONNX's but mean one thing only: other runtimes load them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loaders/onnx/reader.h"
#include "runtime/base/log.h"
#include "tests/ops/text_model.h"

namespace convoy {
namespace {

using ::testing::HasSubstr;
using testing::session_of_text;

// What the session of a text makes of x = (-1, 2), and the last warning.
struct Outcome {
  std::vector<std::vector<float>> outputs;
  std::string warning;
};

Outcome outcome_of(const std::string& text) {
  Outcome outcome;
  set_warning_sink([&](std::string_view warning) { outcome.warning = warning; });
  try {
    for (bool optimize : {true, false}) {
      SessionOptions options;
      options.optimize = optimize;
      auto session = session_of_text(text, options);
      Feeds feeds;
      Tensor x = Tensor::from<float>({2}, std::vector<float>{-1, 2});
      if (!session->inputs().empty()) feeds.emplace_back("x", x);
      outcome.outputs.clear();
      for (const Value& output : session->run(feeds)) {
        auto values = output.tensor().values<float>();
        outcome.outputs.emplace_back(values.begin(), values.end());
      }
    }
  } catch (const Error& error) {
    outcome.outputs.clear();
    outcome.warning = error.message();
  }
  set_warning_sink(nullptr);
  return outcome;
}

using Floats = std::vector<std::vector<float>>;

std::string relu_with(const std::string& header) {
  return "<" + header + "> g (float[2] x) => (float[2] y) { y = Relu(x) }";
}

TEST(OddModel, ImportsAnOperatorSetTwice) {
  for (const char* twice : {R"("" : 17, "" : 17)", R"("" : 17, "ai.onnx" : 17)",
                            R"("" : 17, "ai.onnx.ml" : 3, "ai.onnx.ml" : 3)"}) {
    Outcome outcome =
        outcome_of(relu_with(std::string("ir_version: 8, opset_import: [") + twice + "]"));
    EXPECT_EQ(outcome.outputs, (Floats{{0, 2}})) << twice << outcome.warning;
  }
}

TEST(OddModel, ImportsNothingOfADomain) {
  Outcome outcome = outcome_of(R"(<ir_version: 8, opset_import: ["" : 17]>
    g (float[2] x) => (float[1,2] y) {
      [row] axis = Constant<value_ints = [0]>()
      row = Unsqueeze(x, axis)
      [norm] y = ai.onnx.ml.Normalizer<norm = "MAX">(row)
    })");
  EXPECT_EQ(outcome.outputs, (Floats{{-0.5f, 1}}));
  EXPECT_THAT(outcome.warning, HasSubstr("'ai.onnx.ml'"));
  // Of ONNX's own domain, the newest version.
  outcome = outcome_of(relu_with(R"(ir_version: 8, opset_import: ["ai.onnx.ml" : 3])"));
  EXPECT_EQ(outcome.outputs, (Floats{{0, 2}}));
  EXPECT_THAT(outcome.warning, HasSubstr("set 'ai.onnx', which is not imported; version"));
  // Nobody knows which version of these would be meant.
  outcome = outcome_of(R"(<ir_version: 8, opset_import: ["" : 17]>
    g (float[2] x) => (float[2] y) { y = com.example.Relu(x) })");
  EXPECT_THAT(outcome.warning, HasSubstr("imports no version of the operator set 'com.example'"));
  outcome = outcome_of(R"(<ir_version: 8, opset_import: ["" : 17]>
    g (float[2] x) => (float[2] y) { y = ai.convoy.StackedConv(x) })");
  EXPECT_THAT(outcome.warning, HasSubstr("imports no version of the operator set 'ai.convoy'"));
}

TEST(OddModel, HasInitializersThatAreNoInputsBeforeIr4) {
  Outcome outcome = outcome_of(R"(<ir_version: 3, opset_import: ["" : 8]>
    g (float[2] x) => (float[2] y) <float[2] w = {10, 20}> { y = Add(x, w) })");
  EXPECT_EQ(outcome.outputs, (Floats{{9, 22}})) << outcome.warning;
}

TEST(OddModel, GivesAnInitializerTwice) {
  const std::string text = R"(<ir_version: 8, opset_import: ["" : 17]>
    g (float[2] x) => (float[2] y) <float[2] w = {10, 20}, float[2] w = {30, 40}> {
      y = Add(x, w)
    })";
  Outcome outcome = outcome_of(text);
  EXPECT_EQ(outcome.outputs, (Floats{{29, 42}})) << outcome.warning;
  EXPECT_THAT(outcome.warning, HasSubstr("initializer 'w' is given twice"));
}

TEST(OddModel, ReturnsInputsAndInitializers) {
  Outcome outcome = outcome_of(R"(<ir_version: 8, opset_import: ["" : 17]>
    g (float[2] x) => (float[2] y, float[2] w, float[2] x, float[2] y) <float[2] w = {10, 20}> {
      y = Relu(x)
    })");
  EXPECT_EQ(outcome.outputs, (Floats{{0, 2}, {10, 20}, {-1, 2}, {0, 2}})) << outcome.warning;
  outcome = outcome_of(R"(<ir_version: 8, opset_import: ["" : 17]>
    g () => (float[2] w) <float[2] w = {10, 20}> {})");
  EXPECT_EQ(outcome.outputs, (Floats{{10, 20}})) << outcome.warning;
}

struct AttributeCase {
  const char* node;
  int opset;
  bool taken;
};

// An attribute of a later version is dropped where it asks for what the operator does anyway.
TEST(OddModel, HasAttributesOfALaterVersion) {
  const AttributeCase cases[] = {
      {"y = Reshape<allowzero = 0>(x, two)", 13, true},
      {"y = Reshape<allowzero = 1>(x, two)", 13, false},
      {"y = Reshape<allowzeros = 0>(x, two)", 13, false},
      {"y = Cast<to = 1, saturate = 1>(x)", 13, true},
      {"y = Cast<to = 1, saturate = 0>(x)", 13, false},
      {"y = ReduceSum<axes = [0], noop_with_empty_axes = 0>(x)", 11, true},
      {"y = ReduceSum<axes = [0], noop_with_empty_axes = 1>(x)", 11, false},
      {"y = ScatterElements<reduction = \"none\">(x, zero, one)", 13, true},
      {"y = ScatterElements<reduction = \"add\">(x, zero, one)", 13, false},
      {"y = Relu<alpha = 0.0>(x)", 13, false},
      {"y = Gather<axis = 0, alpha = 0>(x, zero)", 13, false},
      // What came with opset 11 is by default not what opset 10 does.
      {"y = Resize<coordinate_transformation_mode = \"asymmetric\">(x, one)", 10, true},
      {"y = Resize<coordinate_transformation_mode = \"half_pixel\">(x, one)", 10, false},
      {"y = Resize<nearest_mode = \"floor\">(x, one)", 10, true},
      {"y = Resize<nearest_mode = \"round_prefer_floor\">(x, one)", 10, false},
  };
  for (const AttributeCase& item : cases) {
    SCOPED_TRACE(item.node);
    Outcome outcome = outcome_of(
        fmt::format("<ir_version: 8, opset_import: [\"\" : {}]> g (float[2] x) => (float y) "
                    "<int64[1] two = {{2}}, int64[1] zero = {{0}}, float[1] one = {{1}}> {{ {} }}",
                    item.opset, item.node));
    EXPECT_EQ(outcome.outputs.size(), item.taken ? 1u : 0u) << outcome.warning;
    if (!item.taken) {
      EXPECT_THAT(outcome.warning, HasSubstr("attribute"));
    }
  }
}

// A scale and a bias for each group, by the definition of opset 18.
TEST(OddModel, HasGroupNormalizationAsItWasFirst) {
  auto session = session_of_text(R"(<ir_version: 8, opset_import: ["" : 18]>
    g (float[1,4,2] x) => (float[1,4,2] y) <float[2] scale = {2, 3}, float[2] bias = {1, -1}> {
      y = GroupNormalization<num_groups = 2, epsilon = 0.0>(x, scale, bias)
    })");
  Tensor x = Tensor::from<float>({1, 4, 2}, std::vector<float>{1, -1, -1, 1, 3, 5, 5, 3});
  Value y = session->run({{"x", x}})[0];
  auto values = y.tensor().values<float>();
  const std::vector<float> expected = {3, -1, -1, 3, -4, 2, 2, -4};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(values[i], expected[i], 1e-5f) << i;
}

}  // namespace
}  // namespace convoy
