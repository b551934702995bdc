// What the report says of merges, and branches without elements.
#include <algorithm>

#include "tests/rewrite/rows_case.h"

namespace convoy::testing {
namespace {

bool nearly(const RewriteReport& report, const std::string& rule, const std::string& reason) {
  return std::any_of(report.nearly.begin(), report.nearly.end(), [&](const RewriteEntry& entry) {
    return entry.rule == rule && entry.reason.find(reason) != std::string::npos;
  });
}

TEST(MergeReport, WhatIsGoneIsNoNearMiss) {
  Rows rows;
  std::vector<ValueId> made = rows.apply(plain_conv);
  ValueId sum = made[0];
  for (size_t i = 1; i < made.size(); ++i) sum = rows.test.node("Add", {sum, made[i]});
  rows.test.output(sum);
  RewriteReport report = rows.check();
  ASSERT_EQ(report.count("merge_branches"), 1) << report.to_text();
  EXPECT_FALSE(nearly(report, "merge_convolution_sum", "the weights differ")) << report.to_text();
}

TEST(MergeReport, WhatStaysIsANearMiss) {
  Rows rows;
  ValueId a = conv(rows.test, row_by_gather(rows.test, rows.x, 0));
  ValueId b = rows.test.input("b", {2, kChannels, kWidth});
  rows.test.output(rows.test.node("Add", {a, conv(rows.test, b)}));
  rows.test.finish();
  RewriteReport report = rows.test.optimize();
  EXPECT_TRUE(nearly(report, "merge_convolution_sum", "the weights differ")) << report.to_text();
}

TEST(MergeReport, ANodeWithSeveralOutputsIsNamedOnce) {
  Rows rows;
  std::vector<ValueId> values, indices;
  for (int h = 0; h < kRows; ++h) {
    ValueType type = ValueType::tensor(DType::kFloat32, Shape{2, kChannels, 3});
    ValueType numbers = ValueType::tensor(DType::kInt64, Shape{2, kChannels, 3});
    ValueId row = row_by_gather(rows.test, rows.x, h);
    auto outputs = rows.test.build().nodes("TopK", {row, rows.test.ints({3})}, {}, {type, numbers});
    values.push_back(outputs[0]);
    indices.push_back(outputs[1]);
  }
  rows.test.output(rows.test.node("Concat", values, {{"axis", int64_t{1}}}));
  rows.test.output(rows.test.node("Concat", indices, {{"axis", int64_t{1}}}), "indices");
  RewriteReport report = rows.check();
  ASSERT_EQ(report.count("merge_branches"), 1) << report.to_text();
  for (const RewriteEntry& entry : report.fired) {
    if (entry.rule == "merge_branches") {
      EXPECT_EQ(entry.before, "4 × TopK");
    }
  }
}

TEST(MergeReport, WeightsThatAreInputsHaveAReason) {
  Rows rows;
  std::vector<ValueId> made = rows.apply([](GraphCase& t, ValueId row, int h) {
    return t.node("Conv", {row, t.input("w" + std::to_string(h), {5, kChannels, 3})});
  });
  rows.test.output(join(rows.test, made));
  rows.test.finish();
  RewriteReport report = rows.test.optimize();
  EXPECT_TRUE(nearly(report, "merge_branches", "operand 2 of Conv is another input in each branch"))
      << report.to_text();
}

TEST(MergeReport, SumsHaveAReason) {
  Rows rows;
  std::vector<ValueId> made = rows.apply([](GraphCase& t, ValueId row, int h) {
    int64_t pad = h;
    ValueId w = t.weight({5, kChannels, 2 * pad + 1});
    return t.node("Conv", {row, w}, {{"pads", List{pad, pad}}});
  });
  rows.test.output(rows.test.node("Sum", made));
  rows.test.finish();
  RewriteReport report = rows.test.optimize();
  EXPECT_TRUE(nearly(report, "merge_branches", "no two branches have the same kernel"))
      << report.to_text();
}

// What stands before a layer of rows does not go away with it.
TEST(MergeReport, EachLayerIsWeighedByItself) {
  Rows rows;
  ValueId value = rows.x;
  for (int layer = 0; layer < 5; ++layer) {
    std::vector<ValueId> made;
    for (int h = 0; h < kRows; ++h) {
      made.push_back(
          conv(rows.test, row_by_gather(rows.test, value, h), kChannels, {{"pads", List{1, 1}}}));
    }
    value = rows.test.node("Tanh", {join(rows.test, made)});
  }
  rows.test.output(value);
  RewriteReport report = rows.check();
  std::vector<double> before;
  for (const RewriteEntry& entry : report.fired) {
    if (!entry.estimates.empty()) before.push_back(entry.estimates[0].before);
  }
  ASSERT_EQ(before.size(), 5U) << report.to_text();
  EXPECT_LT(before[4], before[1] * 1.01) << report.to_text();
}

TEST(MergeReport, BranchesWithBodiesHaveAReason) {
  Rows rows;
  ValueId flag = rows.test.input("flag", {}, DType::kBool);
  ValueType type = ValueType::tensor(DType::kFloat32, Shape{2, kChannels, kWidth});
  std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId row, int) {
    auto body = [&](const char* op) {
      auto made = std::make_shared<Graph>();
      made->opset = t.graph().opset;
      ValueId inner = made->capture(row, "row", type);
      made->add_output(GraphBuilder(*made, made->opset, op).node(op, {inner}, {}, type));
      return made;
    };
    ValueId y = t.node("If", {flag}, {{"then_branch", body("Relu")}, {"else_branch", body("Neg")}});
    return conv(t, y);
  });
  rows.test.output(join(rows.test, made));
  rows.test.finish();
  RewriteReport report = rows.test.optimize();
  EXPECT_TRUE(nearly(report, "merge_branches", "If has a body in each branch")) << report.to_text();
}

TEST(MergeReport, BranchesWithoutElements) {
  for (bool chained : {false, true}) {
    GraphCase test;
    ValueId x = test.input("x", {int64_t{0}, kChannels, kRows, kWidth});
    std::vector<ValueId> made;
    for (int h : {2, 0, 2, 1}) {
      ValueId y = conv(test, row_by_gather(test, x, h), kChannels);
      made.push_back(chained ? test.node("Tanh", {conv(test, y)}) : y);
    }
    test.output(join(test, made));
    test.output(made[1], "one");
    test.finish();
    Feeds feeds{{"x", random_floats({0, kChannels, kRows, kWidth}, 7)}};
    std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
    test.optimize();
    std::vector<Tensor> after = evaluate_graph(test.graph(), feeds);
    ASSERT_EQ(after.size(), before.size());
    for (size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i].shape(), before[i].shape());
  }
}

// Rows of width 0: what is taken of a fold has no elements.
TEST(MergeReport, MembersOfAnEmptyFold) {
  GraphCase test;
  ValueId x = test.input("x", {2, kRows, int64_t{0}});
  std::vector<ValueId> made;
  for (int h = 0; h < kRows; ++h) {
    ValueId row = test.node("Gather", {x, test.index(h)}, {{"axis", int64_t{1}}});
    made.push_back(test.node("Tanh", {test.node("Mul", {row, test.weight({1})})}));
  }
  test.output(test.node("Concat", {made[2], made[0], made[1]}, {{"axis", int64_t{1}}}));
  test.output(made[3], "one");
  test.finish();
  Feeds feeds{{"x", random_floats({2, kRows, 0}, 7)}};
  std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
  test.optimize();
  std::vector<Tensor> after = evaluate_graph(test.graph(), feeds);
  for (size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i].shape(), before[i].shape());
}

}  // namespace
}  // namespace convoy::testing
