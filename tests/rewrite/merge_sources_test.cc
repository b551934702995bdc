// Rows of several tensors whose branches meet in one Concat.
#include "tests/rewrite/rows_case.h"

namespace convoy::testing {
namespace {

struct TwoSources {
  GraphCase test;
  std::map<std::string, Shape> shapes;

  ValueId source(const std::string& name, int64_t rows = kRows, Dim batch = 2) {
    shapes[name] = {2, kChannels, rows, kWidth};
    return test.input(name, {batch, kChannels, rows, kWidth});
  }

  // Rows `from` … of a value, convolved with a weight each; their size is kept.
  std::vector<ValueId> convolved(ValueId x, int rows = kRows, int from = 0) {
    std::vector<ValueId> made;
    for (int h = from; h < from + rows; ++h) {
      ValueId row = row_by_gather(test, x, h);
      made.push_back(conv(test, row, kChannels, {{"pads", List{1, 1}}}));
    }
    return made;
  }

  RewriteReport check(RewriteTarget target = RewriteTarget::kConvoy) {
    test.finish();
    Feeds feeds;
    for (const auto& [name, shape] : shapes) {
      feeds[name] = random_floats(shape, static_cast<uint32_t>(feeds.size()) + 3);
    }
    std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
    RewriteOptions options;
    options.target = target;
    RewriteReport report = test.optimize(options);
    expect_close(evaluate_graph(test.graph(), feeds), before, 1e-5);
    return report;
  }
};

std::vector<ValueId> both(std::vector<ValueId> a, const std::vector<ValueId>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(MergeSources, RowsOfTwoTensorsAreOneConvolution) {
  for (RewriteTarget target : {RewriteTarget::kConvoy, RewriteTarget::kOrt}) {
    TwoSources two;
    std::vector<ValueId> x = two.convolved(two.source("x"));
    std::vector<ValueId> y = two.convolved(two.source("y", 6), 6);
    two.test.output(join(two.test, both(x, y)), "joined");
    RewriteReport report = two.check(target);
    EXPECT_EQ(two.test.count("Conv"), 1) << report.to_text();
    EXPECT_EQ(two.test.count("Concat"), 1);
    EXPECT_EQ(two.test.count("Gather"), 0);
  }
}

TEST(MergeSources, SomeRowsOfEach) {
  TwoSources two;
  std::vector<ValueId> x = two.convolved(two.source("x"), 2, 1);
  std::vector<ValueId> y = two.convolved(two.source("y", 6), 3, 2);
  two.test.output(join(two.test, both(y, x)), "joined");
  RewriteReport report = two.check();
  EXPECT_EQ(two.test.count("Conv"), 1) << report.to_text();
}

TEST(MergeSources, RowsInTurn) {
  TwoSources two;
  std::vector<ValueId> x = two.convolved(two.source("x"));
  std::vector<ValueId> y = two.convolved(two.source("y"));
  std::vector<ValueId> rows;
  for (size_t h = 0; h < x.size(); ++h) {
    rows.push_back(x[h]);
    rows.push_back(y[h]);
  }
  two.test.output(join(two.test, rows), "joined");
  RewriteReport report = two.check();
  EXPECT_EQ(two.test.count("Conv"), 1) << report.to_text();
}

TEST(MergeSources, GatedByRowsOfOtherTensors) {
  TwoSources two;
  std::vector<ValueId> rows;
  for (const char* name : {"x", "y"}) {
    ValueId source = two.source(name);
    ValueId gate = two.source(std::string("g") + name);
    std::vector<ValueId> made = two.convolved(source);
    for (int h = 0; h < kRows; ++h) {
      rows.push_back(
          two.test.node("Mul", {made[static_cast<size_t>(h)], row_by_gather(two.test, gate, h)}));
    }
  }
  two.test.output(join(two.test, rows), "joined");
  RewriteReport report = two.check();
  EXPECT_EQ(two.test.count("Conv"), 1) << report.to_text();
  EXPECT_EQ(two.test.count("Mul"), 1);
}

TEST(MergeSources, ManyTensorsAreGroupedInLinearTime) {
  GraphCase test;
  std::vector<ValueId> rows;
  for (int i = 0; i < 3000; ++i) {
    ValueId source = test.input("x" + std::to_string(i), {1, 2, 2, 4});
    rows.push_back(test.node("Relu", {row_by_gather(test, source, 1)}));
  }
  test.output(test.node("Concat", rows, {{"axis", int64_t{1}}}), "joined");
  test.finish();
  RewriteReport report = test.optimize();
  EXPECT_EQ(test.count("Relu"), 1) << report.nodes_after;
}

// --- what must stay apart ---

TEST(MergeSources, LargeTensorsAreMergedAlone) {
  GraphCase test;
  std::vector<ValueId> rows;
  for (const char* name : {"x", "y"}) {
    ValueId source = test.input(name, {16, kChannels, 12, 100});
    for (int h = 0; h < 12; ++h) rows.push_back(conv(test, row_by_gather(test, source, h)));
  }
  test.output(join(test, rows), "joined");
  test.finish();
  RewriteReport report = test.optimize();
  EXPECT_EQ(test.count("Conv"), 2) << report.to_text();
}

TEST(MergeSources, SizesThatMayDifferStayApart) {
  TwoSources two;
  std::vector<ValueId> x = two.convolved(two.source("x", kRows, "a"));
  std::vector<ValueId> y = two.convolved(two.source("y", kRows, "b"));
  two.test.output(join(two.test, both(x, y)), "joined");
  RewriteReport report = two.check();
  EXPECT_EQ(two.test.count("Conv"), 2) << report.to_text();
}

TEST(MergeSources, JoinedApartTheyStayApart) {
  TwoSources two;
  two.test.output(join(two.test, two.convolved(two.source("x"))), "joined");
  two.test.output(join(two.test, two.convolved(two.source("y"))), "z");
  RewriteReport report = two.check();
  EXPECT_EQ(two.test.count("Conv"), 2) << report.to_text();
  EXPECT_EQ(two.test.count("Concat"), 0);
}

TEST(MergeSources, ATensorThatIsMadeOfTheOthersRows) {
  TwoSources two;
  std::vector<ValueId> x = two.convolved(two.source("x"));
  ValueId next = join(two.test, x);
  std::vector<ValueId> y = two.convolved(next);
  two.test.output(join(two.test, both(x, y)), "joined");
  RewriteReport report = two.check();
  EXPECT_EQ(two.test.count("Conv"), 2) << report.to_text();
}

// y is made of a row of b, b of a row of x: x with y and a with b would each wait for the other.
TEST(MergeSources, TwoPairsThatNeedEachOther) {
  TwoSources two;
  ValueId x = two.source("x");
  ValueId a = two.source("a");
  std::vector<ValueId> of_x = two.convolved(x);
  ValueId b = two.test.node("Add", {a, two.test.node("Unsqueeze", {of_x[0], two.test.ints({2})})});
  std::vector<ValueId> of_a = two.convolved(a);
  ValueId y = two.test.node("Add", {x, two.test.node("Unsqueeze", {of_a[0], two.test.ints({2})})});
  two.test.output(join(two.test, both(of_x, two.convolved(y))), "joined");
  two.test.output(join(two.test, both(of_a, two.convolved(b))), "z");
  RewriteReport report = two.check();
  EXPECT_GE(two.test.count("Conv"), 2) << report.to_text();
}

}  // namespace
}  // namespace convoy::testing
