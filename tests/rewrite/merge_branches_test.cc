// Rows that travel separately are merged: every way to write them, and what must not be merged.
#include "tests/rewrite/rows_case.h"

namespace convoy::testing {
namespace {

TEST(MergeBranches, RowsByGather) {
  Rows rows;
  rows.test.output(join(rows.test, rows.apply(plain_conv)));
  RewriteReport report = rows.check();
  EXPECT_EQ(report.count("merge_branches"), 1) << report.to_text();
  EXPECT_EQ(rows.test.count("Conv"), 1);
  EXPECT_EQ(rows.test.count("Gather"), 0);
  EXPECT_EQ(rows.test.count("Transpose"), 2);
  EXPECT_EQ(rows.test.graph().node_count(), 5U);
}

TEST(MergeBranches, RowsBySliceAndSqueeze) {
  Rows rows;
  auto branch = [](GraphCase& t, ValueId x, int) { return conv(t, x); };
  rows.test.output(join(rows.test, rows.apply(branch, true)));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
  EXPECT_EQ(rows.test.graph().node_count(), 5U);
}

TEST(MergeBranches, DynamicBatchAndWidth) {
  Rows rows("batch", "width");
  rows.test.output(join(rows.test, rows.apply(plain_conv)));
  RewriteReport report = rows.check(3, 11);
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
}

// With nothing in the batch, Reshape could not tell what -1 stands for.
TEST(MergeBranches, DynamicBatchOfNone) {
  Rows rows("batch", "width");
  rows.test.output(join(rows.test, rows.apply(plain_conv)));
  RewriteReport report = rows.check(0, 11);
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
  EXPECT_EQ(rows.test.count("Shape"), 0);
}

// Stacked along the batch: its size is computed.
TEST(MergeBranches, OneWeightForChannelsOfAnyBatch) {
  for (int64_t batch : {0, 2}) {
    Rows rows("batch", "width");
    ValueId w = rows.test.weight({5, 1, 3});
    std::vector<ValueId> parts;
    for (int64_t c = 0; c < kChannels; ++c) {
      ValueId channel = rows.test.node(
          "Slice", {rows.x, rows.test.ints({c}), rows.test.ints({c + 1}), rows.test.ints({1})});
      ValueId row = rows.test.node("Gather", {channel, rows.test.index(0)}, {{"axis", int64_t{2}}});
      parts.push_back(rows.test.node("Conv", {row, w}));
    }
    rows.test.output(rows.test.node("Concat", parts, {{"axis", int64_t{1}}}));
    RewriteReport report = rows.check(batch, 11);
    EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
  }
}

TEST(MergeBranches, ChainCostsTwoTransposes) {
  Rows rows;
  auto branch = [](GraphCase& t, ValueId x, int) {
    ValueId h = t.node("Relu", {conv(t, x, 6, {{"pads", List{1, 1}}})});
    h = t.node("BatchNormalization",
               {h, t.positive({6}), t.weight({6}), t.weight({6}), t.positive({6})});
    h = t.node("Add", {h, t.weight({6, 1})});
    return t.node("Conv", {h, t.weight({6, 2, 3})}, {{"group", int64_t{3}}});
  };
  rows.test.output(join(rows.test, rows.apply(branch)));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Transpose"), 2) << report.to_text();
  EXPECT_EQ(rows.test.count("Conv"), 2);
  EXPECT_EQ(rows.test.count("Relu"), 1);
}

TEST(MergeBranches, OneWeightKeepsTheAxis) {
  Rows rows;
  ValueId w = rows.test.weight({5, kChannels, 3});
  auto branch = [w](GraphCase& t, ValueId x, int) {
    return t.node("Conv", {x, w}, {{"dilations", List{2}}, {"pads", List{1, 2}}});
  };
  rows.test.output(join(rows.test, rows.apply(branch)));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Transpose"), 0) << report.to_text();
  EXPECT_EQ(rows.test.count("Conv"), 1);
  EXPECT_EQ(rows.test.graph().node_count(), 1U);
}

TEST(MergeBranches, DepthwiseTakesReshapesOnly) {
  Rows rows;
  auto branch = [](GraphCase& t, ValueId x, int) {
    return t.node("Conv", {x, t.weight({kChannels, 1, 3}), t.weight({kChannels})},
                  {{"group", int64_t{kChannels}}});
  };
  rows.test.output(join(rows.test, rows.apply(branch)));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Transpose"), 0) << report.to_text();
  EXPECT_EQ(rows.test.count("Conv"), 1);
}

TEST(MergeBranches, PermutedMissingAndRepeatedRows) {
  for (const List& order : {List{3, 1, 0, 2}, List{0, 2}, List{1, 2, 3}, List{0, 1, 1, 3, 2, 0}}) {
    Rows rows;
    auto branch = [](GraphCase& t, ValueId x, int) { return conv(t, x); };
    rows.test.output(join(rows.test, rows.apply(branch, false, order)));
    RewriteReport report = rows.check();
    EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
  }
}

TEST(MergeBranches, ConcatInAnotherOrder) {
  Rows rows;
  auto made = rows.apply([](GraphCase& t, ValueId x, int) { return conv(t, x); });
  rows.test.output(join(rows.test, {made[2], made[0], made[3], made[1]}));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
}

TEST(MergeBranches, RowsThatAreOutputsToo) {
  Rows rows;
  auto made = rows.apply([](GraphCase& t, ValueId x, int) { return conv(t, x); });
  rows.test.output(join(rows.test, made));
  rows.test.output(made[1], "row1");
  rows.test.output(rows.test.node("Relu", {made[3]}), "relu3");
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
  EXPECT_EQ(rows.test.graph().value_name(rows.test.graph().outputs()[1]), "row1");
}

TEST(MergeBranches, BiasOnSomeBranchesOnly) {
  Rows rows;
  auto branch = [](GraphCase& t, ValueId x, int h) {
    std::vector<ValueId> inputs = {x, t.weight({5, kChannels, 3})};
    if (h % 2 == 0) inputs.push_back(t.weight({5}));
    return t.node("Conv", inputs);
  };
  rows.test.output(join(rows.test, rows.apply(branch)));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
}

TEST(MergeBranches, AsymmetricPaddingAndStride) {
  Rows rows;
  auto branch = [](GraphCase& t, ValueId x, int) {
    return conv(t, x, 5, {{"pads", List{0, 2}}, {"strides", List{2}}});
  };
  rows.test.output(join(rows.test, rows.apply(branch)));
  rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1);
}

// --- what must stay apart ---

TEST(MergeBranches, DifferentDilationsStayApart) {
  Rows rows;
  auto branch = [](GraphCase& t, ValueId x, int h) {
    return conv(t, x, 5, {{"dilations", List{1 + h}}, {"pads", List{1 + h, 1 + h}}});
  };
  rows.test.output(join(rows.test, rows.apply(branch)));
  RewriteReport report = rows.check();
  EXPECT_EQ(report.count("merge_branches"), 0);
  EXPECT_EQ(rows.test.count("Conv"), kRows);
}

TEST(MergeBranches, UnequalChannelsStayApart) {
  Rows rows;
  std::vector<ValueId> made =
      rows.apply([](GraphCase& t, ValueId x, int h) { return conv(t, x, 4 + h); });
  rows.test.output(rows.test.node("Concat", made, {{"axis", int64_t{1}}}));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), kRows);
  EXPECT_FALSE(report.nearly.empty());
}

TEST(MergeBranches, ARowFedFromTheOneBeforeStaysApart) {
  Rows rows;
  ValueId state = ValueId::kNone;
  std::vector<ValueId> made;
  for (int h = 0; h < kRows; ++h) {
    ValueId row = row_by_gather(rows.test, rows.x, h);
    if (h > 0) row = rows.test.node("Add", {row, state});
    state = rows.test.node("Conv", {row, rows.test.weight({kChannels, kChannels, 3})},
                           {{"pads", List{1, 1}}});
    made.push_back(state);
  }
  rows.test.output(join(rows.test, made));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), kRows);
  EXPECT_EQ(report.count("merge_branches"), 0);
}

TEST(MergeBranches, WeightsThatAreInputsStayApart) {
  Rows rows;
  std::vector<ValueId> weights;
  for (int h = 0; h < kRows; ++h) {
    weights.push_back(rows.test.input("w" + std::to_string(h), {5, kChannels, 3}));
  }
  auto branch = [&](GraphCase& t, ValueId x, int h) {
    return t.node("Conv", {x, weights[static_cast<size_t>(h)]});
  };
  rows.test.output(join(rows.test, rows.apply(branch)));
  rows.test.finish();
  RewriteReport report = rows.test.optimize();
  EXPECT_EQ(rows.test.count("Conv"), kRows);
  EXPECT_EQ(report.count("merge_branches"), 0);
}

TEST(MergeBranches, SomeRowsOfAnotherKind) {
  Rows rows;
  auto branch = [](GraphCase& t, ValueId x, int h) {
    return h == 1 ? conv(t, x, 5, {{"dilations", List{2}}, {"pads", List{1, 1}}}) : conv(t, x);
  };
  rows.test.output(join(rows.test, rows.apply(branch)));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 2) << report.to_text();
}

TEST(MergeBranches, TwoLayersInARow) {
  Rows rows;
  auto first = [](GraphCase& t, ValueId x, int) { return conv(t, x, kChannels); };
  ValueId y = join(rows.test, rows.apply(first));
  rows.x = y;
  rows.test.output(join(rows.test, rows.apply(plain_conv)));
  rows.test.finish();
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 2) << report.to_text();
  EXPECT_EQ(rows.test.count("Transpose"), 2);
  EXPECT_EQ(rows.test.count("Reshape"), 2);
}

}  // namespace
}  // namespace convoy::testing
