#include "runtime/session/session.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "tests/plan/row_model.h"

namespace convoy {
namespace {

using testing::make_row_model;
using testing::ramp;
using testing::RowModel;

// Conv of every row by definition.
std::vector<float> expected_rows(const Model& model, const RowModel& size, const Tensor& x) {
  int64_t out_width = size.width - size.kernel + 1;
  std::vector<float> y(static_cast<size_t>(size.batch * size.channels * size.rows * out_width));
  std::vector<const Tensor*> weights;
  std::vector<const Tensor*> biases;
  for (NodeId id : model.graph.topological_order()) {
    const Node& node = model.graph.node(id);
    if (!node.is("Conv")) continue;
    weights.push_back(model.graph.constant(node.inputs[1]));
    biases.push_back(model.graph.constant(node.inputs[2]));
  }
  const float* in = x.data<float>();
  int64_t c_count = size.channels;
  for (int64_t n = 0; n < size.batch; ++n)
    for (int64_t o = 0; o < c_count; ++o)
      for (int64_t h = 0; h < size.rows; ++h)
        for (int64_t t = 0; t < out_width; ++t) {
          const auto row = static_cast<size_t>(h);
          double sum = biases[row]->data<float>()[o];
          for (int64_t c = 0; c < c_count; ++c)
            for (int64_t k = 0; k < size.kernel; ++k)
              sum += static_cast<double>(
                         in[((n * c_count + c) * size.rows + h) * size.width + t + k]) *
                     weights[row]->data<float>()[(o * c_count + c) * size.kernel + k];
          y[static_cast<size_t>(((n * c_count + o) * size.rows + h) * out_width + t)] =
              static_cast<float>(sum);
        }
  return y;
}

void expect_near(const Tensor& actual, const std::vector<float>& expected) {
  auto values = actual.values<float>();
  ASSERT_EQ(values.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(values[i], expected[i], 1e-4f) << i;
}

TEST(Session, RunsTheRowModel) {
  for (bool optimize : {false, true}) {
    RowModel size;
    Model model = make_row_model(size);
    Tensor x = ramp({size.batch, size.channels, size.rows, size.width}, 0.02f);
    auto expected = expected_rows(model, size, x);
    SessionOptions options;
    options.optimize = optimize;
    Session session(std::move(model), options);
    auto outputs = session.run({{"x", x}});
    ASSERT_EQ(outputs.size(), 1u);
    expect_near(outputs[0].tensor(), expected);
  }
}

TEST(Session, RowsAreReadAndWrittenInPlace) {
  SessionOptions options;
  options.optimize = false;
  Session session(make_row_model({}), options);
  Tensor x = ramp({2, 3, 4, 9}, 0.02f);
  std::vector<StepTime> steps;
  session.profile({{"x", x}}, steps);
  for (const StepTime& step : steps) EXPECT_NE(step.op_type, "copy") << session.explain({{"x", x}});
}

TEST(Session, RefusesWrongInputsByName) {
  Session session(make_row_model({}));
  Tensor x = ramp({2, 3, 4, 9}, 1);
  auto message = [&](const Feeds& feeds) -> std::string {
    try {
      session.run(feeds);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message({}), "input 'x' (float32[2,3,4,9]) is missing");
  EXPECT_EQ(message({{"z", x}}), "the model has no input 'z'; its inputs are 'x'");
  EXPECT_EQ(message({{"x", ramp({2, 3, 4, 8}, 1)}}),
            "input 'x' must be float32[2,3,4,9], got float32[2,3,4,8]");
  EXPECT_EQ(message({{"x", Tensor::zeros(DType::kInt64, {2, 3, 4, 9})}}),
            "input 'x' must be float32[2,3,4,9], got int64[2,3,4,9]");
}

// Fewer plans are kept than there are sizes, so plans come and go while others run.
TEST(Session, ConcurrentRunsOfAnySizeGiveEqualBits) {
  Model model = make_row_model({-1, 5, 6, -1, 3});
  Graph& graph = model.graph;
  ValueId squared = testing::add_op(graph, "Mul", {graph.outputs()[0], graph.outputs()[0]});
  graph.set_output(0, testing::add_op(graph, "Softmax", {squared}, {}, "z"));
  SessionOptions options;
  options.max_plans = 3;
  Session session(std::move(model), options);
  std::vector<Tensor> inputs;
  std::vector<Tensor> expected;
  for (int64_t i = 0; i < 12; ++i) {
    inputs.push_back(ramp({1 + i % 5, 5, 6, 3 + (i * 17) % 41}, 0.02f));
    expected.push_back(session.run({{"x", inputs.back()}})[0].tensor());
  }
  std::vector<int> equal(8, 0);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < equal.size(); ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<uint32_t>(t));
      for (int i = 0; i < 60; ++i) {
        size_t which = random() % inputs.size();
        Tensor actual = session.run({{"x", inputs[which]}})[0].tensor();
        equal[t] += identical(actual, expected[which]) ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (int count : equal) EXPECT_EQ(count, 60);
  EXPECT_LE(session.statistics().plans, 3u);
}

TEST(Session, NamesEveryMissingOperator) {
  Model model = make_row_model({});
  Graph& graph = model.graph;
  ValueId y = graph.outputs()[0];
  graph.set_output(0, testing::add_op(graph, "Frobnicate", {y}, {}, "z"));
  try {
    Session session(std::move(model));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_STREQ(error.what(), "operators that are not supported: Frobnicate-17 (z)");
  }
}

TEST(Session, APlanAboveTheMemoryLimitIsRefused) {
  SessionOptions options;
  options.memory_limit = 100;
  options.optimize = false;
  Model model = make_row_model({});
  Graph& graph = model.graph;
  ValueId y = graph.outputs()[0];
  ValueId squared = testing::add_op(graph, "Mul", {y, y});
  graph.set_output(0, testing::add_op(graph, "Softmax", {squared}, {}, "z"));
  Session session(std::move(model), options);
  try {
    session.run({{"x", ramp({2, 3, 4, 9}, 1)}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kOutOfMemory);
    EXPECT_NE(std::string(error.what()).find("limit of 100 bytes"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace convoy
