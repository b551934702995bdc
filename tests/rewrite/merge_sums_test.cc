// Branches that are added up, that end in graph outputs, or that are sliced again.
#include "tests/rewrite/rows_case.h"

namespace convoy::testing {
namespace {

ValueId chain_of_adds(GraphCase& t, const std::vector<ValueId>& terms) {
  ValueId sum = terms[0];
  for (size_t i = 1; i < terms.size(); ++i) sum = t.node("Add", {sum, terms[i]});
  return sum;
}

TEST(MergeSums, DifferentWeightsAreOneConvolution) {
  Rows rows;
  auto branch = [](GraphCase& t, ValueId x, int row) {
    std::vector<ValueId> inputs = {x, t.weight({5, kChannels, 3})};
    if (row != 2) inputs.push_back(t.weight({5}));
    return t.node("Conv", inputs);
  };
  rows.test.output(chain_of_adds(rows.test, rows.apply(branch)));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
  EXPECT_EQ(rows.test.count("Add") + rows.test.count("ReduceSum"), 0) << report.to_text();
}

TEST(MergeSums, GroupedConvolutionsAreAddedUp) {
  Rows rows;
  auto branch = [](GraphCase& t, ValueId x, int) {
    return t.node("Conv", {x, t.weight({6, 1, 3}), t.weight({6})}, {{"group", int64_t{3}}});
  };
  rows.test.output(rows.test.node("Sum", rows.apply(branch)));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
}

TEST(MergeSums, OneWeightCountsTheBiasForEachTerm) {
  Rows rows;
  ValueId w = rows.test.weight({5, kChannels, 3});
  ValueId b = rows.test.weight({5});
  auto branch = [&](GraphCase& t, ValueId x, int) { return t.node("Conv", {x, w, b}); };
  rows.test.output(rows.test.node("Sum", rows.apply(branch)));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
}

TEST(MergeSums, ANonlinearityBetweenKeepsTheConvolutionsApart) {
  Rows rows;
  ValueId w = rows.test.weight({5, kChannels, 3});
  ValueId b = rows.test.weight({5});
  auto branch = [&](GraphCase& t, ValueId x, int) {
    return t.node("Tanh", {t.node("Conv", {x, w, b})});
  };
  rows.test.output(chain_of_adds(rows.test, rows.apply(branch)));
  rows.check();
  EXPECT_EQ(rows.test.count("Tanh"), 1);
  EXPECT_EQ(rows.test.count("ReduceSum"), 1);
}

TEST(MergeSums, SomeTermsTwiceAndOneOfAnotherKind) {
  Rows rows;
  auto made = rows.apply([](GraphCase& t, ValueId x, int) { return conv(t, x); });
  ValueId other = rows.test.weight({5, 1});
  rows.test.output(chain_of_adds(rows.test, {made[0], made[1], other, made[3], made[1], made[2]}));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
}

TEST(MergeSums, ASumThatIsReadInBetweenStays) {
  Rows rows;
  auto made = rows.apply([](GraphCase& t, ValueId x, int) { return conv(t, x); });
  ValueId half = rows.test.node("Add", {made[0], made[1]});
  rows.test.output(half, "half");
  rows.test.output(chain_of_adds(rows.test, {half, made[2], made[3]}));
  rows.check();
}

TEST(MergeSums, ProductsWithDifferentMatrices) {
  Rows rows;
  auto branch = [](GraphCase& t, ValueId x, int) {
    return t.node("MatMul", {x, t.weight({kWidth, 4})});
  };
  rows.test.output(chain_of_adds(rows.test, rows.apply(branch)));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("MatMul"), 1) << report.to_text();
  EXPECT_EQ(rows.test.count("Add"), 0) << report.to_text();
}

TEST(MergeSums, ResidualInsideOfBranches) {
  Rows rows;
  auto branch = [](GraphCase& t, ValueId x, int) {
    return t.node("Add", {x, conv(t, x, kChannels, {{"pads", List{1, 1}}})});
  };
  rows.test.output(join(rows.test, rows.apply(branch)));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
  EXPECT_EQ(rows.test.count("Add"), 1) << report.to_text();
}

TEST(MergeEnds, BranchesThatAreGraphOutputs) {
  Rows rows;
  auto branch = [](GraphCase& t, ValueId x, int) {
    return t.node("Relu", {conv(t, t.node("Relu", {conv(t, x, kChannels)}), 5)});
  };
  auto made = rows.apply(branch);
  for (size_t i = 0; i < made.size(); ++i) rows.test.output(made[i], "row" + std::to_string(i));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 2) << report.to_text();
  for (size_t i = 0; i < made.size(); ++i) {
    EXPECT_EQ(rows.test.graph().value_name(rows.test.graph().outputs()[i]),
              "row" + std::to_string(i));
  }
}

TEST(MergeSlices, EveryBranchCutsOffItsEnd) {
  for (Dim width : {Dim(kWidth), Dim("width")}) {
    Rows rows(2, width);
    auto branch = [](GraphCase& t, ValueId x, int) {
      ValueId y = conv(t, x, 4, {{"pads", List{2, 2}}});
      y = t.node("Slice", {y, t.ints({0}), t.ints({-2}), t.ints({2})});
      return t.node("Conv", {y, t.weight({5, 4, 2})});
    };
    rows.test.output(join(rows.test, rows.apply(branch)));
    RewriteReport report = rows.check();
    EXPECT_EQ(rows.test.count("Conv"), 2) << report.to_text();
    EXPECT_EQ(rows.test.count("Slice"), 1) << report.to_text();
  }
}

TEST(MergeSlices, GatedBranches) {
  Rows rows;
  auto branch = [](GraphCase& t, ValueId x, int) {
    ValueId y = conv(t, x, 8);
    ValueId a = t.node("Slice", {y, t.ints({0}), t.ints({4}), t.ints({1})});
    ValueId b = t.node("Slice", {y, t.ints({4}), t.ints({8}), t.ints({1})});
    return t.node("Mul", {t.node("Tanh", {a}), t.node("Sigmoid", {b})});
  };
  rows.test.output(join(rows.test, rows.apply(branch)));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
  EXPECT_EQ(rows.test.count("Mul"), 1) << report.to_text();
}

TEST(MergeSlices, SlicesOfOneSliceAreRows) {
  Rows rows;
  ValueId top = rows.test.node(
      "Slice", {rows.x, rows.test.ints({1}), rows.test.ints({4}), rows.test.ints({2})});
  std::vector<ValueId> made;
  for (int h = 0; h < 3; ++h) made.push_back(conv(rows.test, row_by_gather(rows.test, top, h)));
  made.push_back(conv(rows.test, row_by_gather(rows.test, rows.x, 0)));
  rows.test.output(join(rows.test, made));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
}

}  // namespace
}  // namespace convoy::testing
