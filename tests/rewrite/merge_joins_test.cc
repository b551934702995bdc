// Several joins of one set of branches, and branches in another order than they were written.
#include "tests/rewrite/graph_case.h"

namespace convoy::testing {
namespace {

constexpr int kRows = 4;
constexpr int kChannels = 3;

std::vector<ValueId> rows_of(GraphCase& test, ValueId x) {
  std::vector<ValueId> rows;
  for (int h = 0; h < kRows; ++h) {
    rows.push_back(test.node("Gather", {x, test.index(h)}, {{"axis", int64_t{2}}}));
  }
  return rows;
}

RewriteReport check(GraphCase& test) {
  test.finish();
  Feeds feeds{{"x", random_floats({2, kChannels, kRows, 8}, 7)}};
  std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
  RewriteReport report = test.optimize();
  expect_close(evaluate_graph(test.graph(), feeds), before, 1e-5);
  return report;
}

ValueId concat(GraphCase& test, std::vector<ValueId> parts, int64_t axis) {
  return test.node("Concat", std::move(parts), {{"axis", axis}});
}

TEST(MergeJoins, TwoJoinsOnDifferentAxes) {
  GraphCase test;
  ValueId x = test.input("x", {2, kChannels, kRows, 8});
  std::vector<ValueId> rows = rows_of(test, x);
  for (ValueId& row : rows) {
    row = test.node("Conv", {row, test.weight({4, kChannels, 3}), test.weight({4})});
  }
  test.output(concat(test, rows, 1), "channels");
  test.output(concat(test, rows, 2), "width");
  test.output(concat(test, rows, 0), "batch");
  check(test);
  EXPECT_EQ(test.count("Conv"), 1);
}

TEST(MergeJoins, NormalizedRowsMeetInAnotherOrder) {
  GraphCase test;
  ValueId x = test.input("x", {2, kChannels, kRows, 8});
  std::vector<ValueId> rows = rows_of(test, x);
  for (ValueId& row : rows) {
    row = test.node("Conv", {row, test.weight({kChannels, 1, 3})}, {{"group", int64_t{kChannels}}});
  }
  std::vector<ValueId> sums;
  for (size_t i = 0; i < rows.size(); ++i) {
    sums.push_back(test.node("Sub", {rows[i], rows[(i + 1) % rows.size()]}));
  }
  test.output(concat(test, sums, 1));
  check(test);
}

TEST(MergeJoins, MembersAreReadAgainBehindAnotherValue) {
  GraphCase test;
  ValueId x = test.input("x", {2, kChannels, kRows, 8});
  std::vector<ValueId> rows = rows_of(test, x);
  ValueId other = rows[1];
  for (ValueId& row : rows) {
    row =
        test.node("BatchNormalization", {row, test.positive({kChannels}), test.weight({kChannels}),
                                         test.weight({kChannels}), test.positive({kChannels})});
  }
  test.output(concat(test, {rows[0], rows[1], rows[2], rows[3], other, rows[2], rows[0]}, 1));
  check(test);
}

}  // namespace
}  // namespace convoy::testing
