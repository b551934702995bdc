// Branches inside of the bodies of If and Loop, and rows that a body reads.
#include "runtime/session/session.h"
#include "tests/rewrite/rows_case.h"

namespace convoy::testing {
namespace {

using Body = std::shared_ptr<Graph>;

ValueType rows_type() {
  return ValueType::tensor(DType::kFloat32, Shape{2, kChannels, kRows, kWidth});
}

// Rows of `x`, convolved (keeping their size) and put together again, within any graph.
std::vector<ValueId> convolved_rows(GraphBuilder& b, ValueId x, uint32_t seed) {
  std::vector<ValueId> rows;
  for (int h = 0; h < kRows; ++h) {
    Tensor w = random_floats({kChannels, kChannels, 3}, seed + static_cast<uint32_t>(h));
    ValueId row = b.pick(x, 2, h);
    rows.push_back(b.node("Conv", {row, b.constant(w)}, {{"pads", List{1, 1}}}, b.type(row)));
  }
  return rows;
}

ValueId stacked(GraphBuilder& b, const std::vector<ValueId>& rows) {
  std::vector<ValueId> parts;
  for (ValueId row : rows) parts.push_back(b.unsqueeze(row, {2}));
  return b.concat(parts, 2, rows_type());
}

int convolutions(const Graph& graph) {
  int found = 0;
  for (NodeId id : graph.topological_order()) {
    const Node& node = graph.node(id);
    found += node.is("Conv") ? 1 : 0;
    node.for_each_body([&](Graph& body) { found += convolutions(body); });
  }
  return found;
}

using Make = std::function<void(GraphCase&)>;

// Optimizes what `make` builds, and runs it with and without.
int convolutions_left(const Make& make, const convoy::Feeds& feeds) {
  std::vector<std::vector<Tensor>> results;
  int left = 0;
  for (bool optimized : {false, true}) {
    GraphCase test;
    make(test);
    test.finish();
    if (optimized) {
      RewriteReport report = test.optimize();
      EXPECT_GE(report.count("merge_branches"), 1) << report.to_text();
      left = convolutions(test.graph());
    }
    SessionOptions options;
    options.optimize = false;
    Session session(std::move(test.model()), options);
    std::vector<Tensor>& outputs = results.emplace_back();
    for (const Value& value : session.run(feeds)) outputs.push_back(value.tensor().contiguous());
  }
  expect_close(results[1], results[0]);
  return left;
}

Body branch_on(GraphCase& test, ValueId x, uint32_t seed) {
  auto body = std::make_shared<Graph>();
  body->opset = test.graph().opset;
  GraphBuilder b(*body, body->opset, "body");
  ValueId inner = body->capture(x, "x_inner", rows_type());
  body->add_output(stacked(b, convolved_rows(b, inner, seed)));
  return body;
}

ValueId rows_input(GraphCase& test) { return test.input("x", {2, kChannels, kRows, kWidth}); }

Tensor rows_feed() { return random_floats({2, kChannels, kRows, kWidth}, 5); }

TEST(MergeBodies, BothBranchesOfAnIf) {
  auto make = [](GraphCase& test) {
    ValueId x = rows_input(test);
    ValueId condition = test.input("c", {}, DType::kBool);
    test.output(test.node(
        "If", {condition},
        {{"then_branch", branch_on(test, x, 1)}, {"else_branch", branch_on(test, x, 50)}}));
  };
  for (bool condition : {true, false}) {
    EXPECT_EQ(convolutions_left(make, {{"x", rows_feed()}, {"c", Tensor::scalar(condition)}}), 2);
  }
}

TEST(MergeBodies, ALoopThatCarriesItsRows) {
  auto make = [](GraphCase& test) {
    ValueId x = rows_input(test);
    auto body = std::make_shared<Graph>();
    body->opset = test.graph().opset;
    body->add_input("iteration", ValueType::tensor(DType::kInt64, Shape{}));
    ValueId go = body->add_input("go", ValueType::tensor(DType::kBool, Shape{}));
    ValueId state = body->add_input("state", rows_type());
    GraphBuilder b(*body, body->opset, "body");
    ValueId next = stacked(b, convolved_rows(b, state, 9));
    ValueType flag = ValueType::tensor(DType::kBool, Shape{});
    body->add_output(b.node("Identity", {go}, {}, flag));
    body->add_output(b.node("Tanh", {next}, {}, rows_type()));
    ValueId times = test.graph().add_constant(Tensor::scalar<int64_t>(3), "times");
    ValueId start = test.graph().add_constant(Tensor::scalar(true), "start");
    test.output(test.node("Loop", {times, start, x}, {{"body", body}}));
  };
  EXPECT_EQ(convolutions_left(make, {{"x", rows_feed()}}), 1);
}

TEST(MergeBodies, ARowThatABodyReadsIsTakenOut) {
  auto make = [](GraphCase& test) {
    ValueId x = rows_input(test);
    ValueId condition = test.input("c", {}, DType::kBool);
    std::vector<ValueId> rows = convolved_rows(test.build(), x, 3);
    auto branch = [&](std::string_view type, ValueId row) {
      auto body = std::make_shared<Graph>();
      body->opset = test.graph().opset;
      ValueType row_type = test.graph().value(row).type;
      ValueId inner = body->capture(row, "row_inner", row_type);
      body->add_output(GraphBuilder(*body, body->opset, "body").node(type, {inner}, {}, row_type));
      return body;
    };
    test.output(stacked(test.build(), rows));
    test.output(test.node("If", {condition},
                          {{"then_branch", branch("Neg", rows[1])},
                           {"else_branch", branch("Abs", rows[3])}}),
                "row");
  };
  for (bool condition : {true, false}) {
    EXPECT_EQ(convolutions_left(make, {{"x", rows_feed()}, {"c", Tensor::scalar(condition)}}), 1);
  }
}

// The merged weight is a new constant: the body goes on reading the old one.
TEST(MergeBodies, AnInitializerThatABodyReadsToo) {
  auto make = [](GraphCase& test) {
    ValueId x = rows_input(test);
    ValueId condition = test.input("c", {}, DType::kBool);
    std::vector<ValueId> rows, weights;
    for (int h = 0; h < kRows; ++h) {
      ValueId row = row_by_gather(test, x, h);
      weights.push_back(test.weight({kChannels, kChannels, 3}, "w" + std::to_string(h)));
      rows.push_back(test.node("Conv", {row, weights.back()}, {{"pads", List{1, 1}}}));
    }
    auto branch = [&](std::string_view type, ValueId weight) {
      auto body = std::make_shared<Graph>();
      body->opset = test.graph().opset;
      ValueType weight_type = test.graph().value(weight).type;
      ValueId inner = body->capture(weight, "w_inner", weight_type);
      body->add_output(
          GraphBuilder(*body, body->opset, "body").node(type, {inner}, {}, weight_type));
      return body;
    };
    test.output(stacked(test.build(), rows));
    test.output(test.node("If", {condition},
                          {{"then_branch", branch("Neg", weights[1])},
                           {"else_branch", branch("Abs", weights[3])}}),
                "weight");
  };
  for (bool condition : {true, false}) {
    EXPECT_EQ(convolutions_left(make, {{"x", rows_feed()}, {"c", Tensor::scalar(condition)}}), 1);
  }
}

// Rows of the enclosing graph, weights of the enclosing graph, branches in the body.
TEST(MergeBodies, WeightsOfTheEnclosingGraph) {
  auto make = [](GraphCase& test) {
    ValueId x = rows_input(test);
    ValueId condition = test.input("c", {}, DType::kBool);
    std::vector<ValueId> weights;
    for (int h = 0; h < kRows; ++h) {
      weights.push_back(test.weight({kChannels, kChannels, 3}, "w" + std::to_string(h)));
    }
    auto body = std::make_shared<Graph>();
    body->opset = test.graph().opset;
    GraphBuilder b(*body, body->opset, "body");
    ValueId inner = body->capture(x, "x_inner", rows_type());
    std::vector<ValueId> rows;
    for (int h = 0; h < kRows; ++h) {
      ValueId w = body->capture(weights[static_cast<size_t>(h)], "w_inner" + std::to_string(h),
                                test.graph().value(weights[static_cast<size_t>(h)]).type);
      ValueId row = b.pick(inner, 2, h);
      rows.push_back(b.node("Conv", {row, w}, {{"pads", List{1, 1}}}, b.type(row)));
    }
    body->add_output(stacked(b, rows));
    test.output(test.node("If", {condition},
                          {{"then_branch", body}, {"else_branch", branch_on(test, x, 50)}}));
    // Read outside of the body too.
    test.output(test.node("Neg", {weights[2]}), "weight");
  };
  for (bool condition : {true, false}) {
    EXPECT_GE(convolutions_left(make, {{"x", rows_feed()}, {"c", Tensor::scalar(condition)}}), 2);
  }
}

}  // namespace
}  // namespace convoy::testing
