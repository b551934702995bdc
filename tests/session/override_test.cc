// Initializers that are inputs too: defaults for which a run may be given something else.
#include <gtest/gtest.h>

#include "convoy/convoy.h"
#include "loaders/onnx/writer.h"
#include "runtime/session/binding.h"
#include "tests/ops/text_model.h"

namespace convoy {
namespace {

using testing::session_of_text;

// y = Reshape(x · w, shape) + Sqrt(four); `shape` decides sizes, `four` would be folded.
constexpr const char* kText = R"(<ir_version: 8, opset_import: ["" : 17]>
  g (float[2,2] x, float[2,2] w = {1, 1, 1, 1}, int64[2] shape = {1, -1},
     float[1] four = {4}) => (float y) {
    product = MatMul(x, w)
    flat = Reshape(product, shape)
    two = Sqrt(four)
    y = Add(flat, two)
  })";

Tensor floats(const Shape& shape, const std::vector<float>& values) {
  Tensor tensor = Tensor::allocate(DType::kFloat32, shape);
  std::copy(values.begin(), values.end(), tensor.mutable_data<float>());
  return tensor;
}

std::vector<float> numbers(const Value& value) {
  auto values = value.tensor().values<float>();
  return {values.begin(), values.end()};
}

const Tensor kEye = floats(Shape{2, 2}, {1, 0, 0, 1});

TEST(Override, IsListedApartFromInputs) {
  auto session = session_of_text(kText);
  ASSERT_EQ(session->inputs().size(), 1u);
  EXPECT_EQ(session->inputs()[0].name, "x");
  std::vector<std::string> names;
  for (const auto& value : session->overridable_initializers()) {
    names.push_back(value.name + " " + to_string(value.type));
  }
  EXPECT_EQ(names,
            (std::vector<std::string>{"w float32[2,2]", "shape int64[2]", "four float32[1]"}));
}

TEST(Override, StandsInForOneRunAlone) {
  for (bool optimize : {false, true}) {
    SessionOptions options;
    options.optimize = optimize;
    auto session = session_of_text(kText, options);
    const std::vector<float> by_default = {3, 3, 3, 3};
    Tensor tripled = floats(Shape{2, 2}, {3, 3, 3, 3});
    Tensor square = Tensor::from_int64s(std::vector<int64_t>{2, 2});
    for (int round = 0; round < 3; ++round) {
      Value plain = session->run({{"x", kEye}})[0];
      EXPECT_EQ(plain.tensor().shape(), (Shape{1, 4}));
      EXPECT_EQ(numbers(plain), by_default);
      EXPECT_EQ(numbers(session->run({{"w", tripled}, {"x", kEye}})[0]),
                (std::vector<float>{5, 5, 5, 5}));
      EXPECT_EQ(numbers(session->run({{"x", kEye}, {"four", floats(Shape{1}, {9})}})[0]),
                (std::vector<float>{4, 4, 4, 4}));
      EXPECT_EQ(session->run({{"x", kEye}, {"shape", square}})[0].tensor().shape(), (Shape{2, 2}));
    }
  }
}

TEST(Override, IsCheckedLikeAnInput) {
  auto session = session_of_text(kText);
  auto message = [&](const Feeds& feeds) -> std::string {
    try {
      session->run(feeds);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
      return error.message();
    }
    return "";
  };
  EXPECT_EQ(message({{"x", kEye}, {"w", floats(Shape{2, 3}, {1, 2, 3, 4, 5, 6})}}),
            "input 'w' must be float32[2,2], got float32[2,3]");
  EXPECT_EQ(message({{"x", kEye}, {"four", Tensor::from_int64s(std::vector<int64_t>{4})}}),
            "input 'four' must be float32[1], got int64[1]");
  EXPECT_EQ(message({{"x", kEye}, {"z", kEye}}),
            "the model has no input 'z'; its inputs are 'x', those with a default 'w', 'shape', "
            "'four'");
  EXPECT_EQ(numbers(session->run({{"x", kEye}})[0]), (std::vector<float>{3, 3, 3, 3}));
}

TEST(Override, IsBoundForOneBindingAlone) {
  auto session = session_of_text(kText);
  Binding changed(*session);
  changed.bind_input("x", kEye);
  changed.bind_input("w", floats(Shape{2, 2}, {5, 5, 5, 5}));
  changed.run();
  Binding plain(*session);
  plain.bind_input("x", kEye);
  plain.run();
  EXPECT_EQ(numbers(changed.outputs()[0]), (std::vector<float>{7, 7, 7, 7}));
  EXPECT_EQ(numbers(plain.outputs()[0]), (std::vector<float>{3, 3, 3, 3}));
}

// A default that a body reads is that run's, too.
TEST(Override, ReachesBodies) {
  auto session = session_of_text(R"(<ir_version: 8, opset_import: ["" : 17]>
    g (bool c, float[2] w = {1, 2}) => (float[2] y) {
      y = If (c) <then_branch = t () => (float[2] a) { a = Add(w, w) },
                  else_branch = e () => (float[2] b) { b = Neg(w) }>
    })");
  Tensor yes = Tensor::scalar<bool>(true);
  EXPECT_EQ(numbers(session->run({{"c", yes}})[0]), (std::vector<float>{2, 4}));
  EXPECT_EQ(numbers(session->run({{"c", yes}, {"w", floats(Shape{2}, {7, 8})}})[0]),
            (std::vector<float>{14, 16}));
  EXPECT_EQ(numbers(session->run({{"c", yes}})[0]), (std::vector<float>{2, 4}));
}

TEST(Override, WorksThroughTheCInterface) {
  SessionOptions as_written;
  as_written.optimize = false;
  std::string bytes = serialize_model(session_of_text(kText, as_written)->model());
  convoy_session* session = nullptr;
  ASSERT_EQ(convoy_session_open_bytes(bytes.data(), bytes.size(), nullptr, &session), CONVOY_OK);
  EXPECT_EQ(convoy_session_input_count(session), 1u);
  ASSERT_EQ(convoy_session_overridable_count(session), 3u);
  convoy_value_info info;
  ASSERT_EQ(convoy_session_overridable(session, 2, &info), CONVOY_OK);
  EXPECT_STREQ(info.name, "four");
  EXPECT_EQ(info.dtype, CONVOY_FLOAT32);
  EXPECT_EQ(convoy_session_overridable(session, 3, &info), CONVOY_INVALID_INPUT);
  const float eye[] = {1, 0, 0, 1};
  const float nine[] = {9};
  convoy_input inputs[] = {{"x", {CONVOY_FLOAT32, 2, {2, 2}, eye}},
                           {"four", {CONVOY_FLOAT32, 1, {1}, nine}}};
  for (size_t count : {2u, 1u}) {
    convoy_outputs* outputs = nullptr;
    ASSERT_EQ(convoy_session_run(session, inputs, count, &outputs), CONVOY_OK);
    convoy_tensor y;
    ASSERT_EQ(convoy_outputs_get(outputs, 0, &y), CONVOY_OK);
    EXPECT_EQ(static_cast<const float*>(y.data)[0], count == 2 ? 4.0f : 3.0f);
    convoy_outputs_release(outputs);
  }
  convoy_session_release(session);
}

// Before IR 4 an initializer that is listed as an input is a constant.
TEST(Override, IsNoneBeforeIr4) {
  std::string text = kText;
  text.replace(text.find("ir_version: 8"), 13, "ir_version: 3");
  auto session = session_of_text(text);
  EXPECT_TRUE(session->overridable_initializers().empty());
  EXPECT_THROW(session->run({{"x", kEye}, {"w", kEye}}), Error);
  EXPECT_EQ(numbers(session->run({{"x", kEye}})[0]), (std::vector<float>{3, 3, 3, 3}));
}

}  // namespace
}  // namespace convoy
