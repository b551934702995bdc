// Conv1d as Conv2d, for ONNX Runtime.
#include "tests/rewrite/rows_case.h"

namespace convoy::testing {
namespace {

RewriteReport check(GraphCase& test, const Feeds& feeds,
                    RewriteTarget target = RewriteTarget::kOrt) {
  test.finish();
  std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
  RewriteOptions options;
  options.target = target;
  RewriteReport report = test.optimize(options);
  expect_close(evaluate_graph(test.graph(), feeds), before, 1e-5);
  return report;
}

ValueId grouped(GraphCase& test, ValueId x, int64_t channels, int64_t group, int64_t out) {
  return test.node("Conv", {x, test.weight({out, channels / group, 3}), test.weight({out})},
                   {{"group", group}, {"pads", List{2, 0}}, {"strides", List{1}}});
}

TEST(LiftConvolutions, AChainIsLiftedOnce) {
  for (Dim batch : {Dim(2), Dim("batch")}) {
    GraphCase test;
    ValueId x = test.input("x", {batch, 32, 11});
    ValueId y = test.node("Relu", {grouped(test, x, 32, 2, 16)});
    y = test.node("Tanh", {y});
    test.output(grouped(test, y, 16, 16, 16));
    RewriteReport report = check(test, {{"x", random_floats({2, 32, 11}, 3)}});
    EXPECT_EQ(report.count("lift_conv"), 2) << report.to_text();
    EXPECT_LE(test.graph().node_count(), 6U);
    for (NodeId id : test.graph().topological_order()) {
      const Node& node = test.graph().node(id);
      if (!node.is("Conv")) continue;
      EXPECT_EQ(test.graph().constant(node.inputs[1])->rank(), 4);
      EXPECT_EQ(test.graph().value(node.inputs[0]).type.rank(), 4);
    }
  }
}

TEST(LiftConvolutions, BranchesThatWereMerged) {
  GraphCase test;
  ValueId x = test.input("x", {1, 8, kRows, 20});
  std::vector<ValueId> made;
  for (int h = 0; h < kRows; ++h) {
    ValueId row = row_by_gather(test, x, h);
    made.push_back(test.node("Conv", {row, test.weight({16, 8, 3}), test.weight({16})}));
  }
  test.output(join(test, made));
  RewriteReport report = check(test, {{"x", random_floats({1, 8, kRows, 20}, 3)}});
  EXPECT_EQ(report.count("lift_conv"), 1) << report.to_text();
  EXPECT_EQ(test.graph().node_count(), 5U);
}

// --- what stays ---

TEST(LiftConvolutions, OtherTargetsStay) {
  for (RewriteTarget target : {RewriteTarget::kConvoy, RewriteTarget::kAny}) {
    GraphCase test;
    ValueId x = test.input("x", {2, 16, 11});
    test.output(grouped(test, x, 16, 2, 16));
    EXPECT_EQ(check(test, {{"x", random_floats({2, 16, 11}, 3)}}, target).fired.size(), 0U);
  }
}

TEST(LiftConvolutions, ChannelsThatFillNoBlocksStay) {
  struct Case {
    int64_t channels, group, out;
  };
  for (const Case& one :
       {Case{16, 4, 32}, Case{16, 2, 12}, Case{12, 12, 12}, Case{16, 16, 32}, Case{16, 1, 16}}) {
    GraphCase test;
    ValueId x = test.input("x", {2, one.channels, 11});
    test.output(grouped(test, x, one.channels, one.group, one.out));
    RewriteReport report = check(test, {{"x", random_floats({2, one.channels, 11}, 3)}});
    EXPECT_EQ(report.count("lift_conv"), 0) << one.channels << " " << one.group;
  }
}

TEST(LiftConvolutions, WeightsThatAreInputsStay) {
  GraphCase test;
  ValueId x = test.input("x", {2, 16, 11});
  ValueId w = test.input("w", {16, 8, 3});
  test.output(test.node("Conv", {x, w}, {{"group", int64_t{2}}}));
  Feeds feeds{{"x", random_floats({2, 16, 11}, 3)}, {"w", random_floats({16, 8, 3}, 4)}};
  EXPECT_EQ(check(test, feeds).fired.size(), 0U);
}

TEST(LiftConvolutions, ASqueezeOfAnotherAxisStaysAbove) {
  GraphCase test;
  ValueId x = test.input("x", {2, 1, 5, 11});
  ValueId y = test.node("Relu", {test.node("Squeeze", {x, test.ints({1})})});
  test.output(test.node("Unsqueeze", {y, test.ints({0})}));
  RewriteReport report = check(test, {{"x", random_floats({2, 1, 5, 11}, 3)}});
  EXPECT_EQ(report.count("lower_squeeze"), 0) << report.to_text();
}

TEST(LiftConvolutions, AnUnsqueezeOfAnotherAxisStays) {
  GraphCase test;
  ValueId x = test.input("x", {"a", 1, "b"});
  ValueId y = test.node("Squeeze", {x, test.ints({1})});
  test.output(test.node("Unsqueeze", {y, test.ints({2})}));
  RewriteReport report = check(test, {{"x", random_floats({2, 1, 5}, 3)}});
  EXPECT_EQ(report.count("cancel_squeeze"), 0) << report.to_text();
  EXPECT_EQ(test.graph().node_count(), 2U);
}

}  // namespace
}  // namespace convoy::testing
