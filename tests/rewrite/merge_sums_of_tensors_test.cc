// Sums over branches whose rows come of several tensors.
#include "tests/rewrite/rows_case.h"

namespace convoy::testing {
namespace {

// a and b of [2, 3, rows, width]; rows of both go through one kind of branch each.
struct TwoTensors {
  GraphCase test;
  ValueId a, b;
  int64_t rows;

  explicit TwoTensors(int64_t row_count = 3) : rows(row_count) {
    a = test.input("a", {2, kChannels, rows, kWidth});
    b = test.input("b", {2, kChannels, rows, kWidth});
  }

  // Branches of a's rows and b's rows in turn.
  std::vector<ValueId> terms(const Branch& branch) {
    std::vector<ValueId> made;
    for (int h = 0; h < rows; ++h) {
      made.push_back(branch(test, row_by_gather(test, a, h), h));
      made.push_back(branch(test, row_by_gather(test, b, h), h));
    }
    return made;
  }

  ValueId chain(const std::vector<ValueId>& terms) {
    ValueId sum = terms[0];
    for (size_t i = 1; i < terms.size(); ++i) sum = test.node("Add", {sum, terms[i]});
    return sum;
  }

  RewriteReport check() {
    test.finish();
    Feeds feeds{{"a", random_floats({2, kChannels, rows, kWidth}, 7)},
                {"b", random_floats({2, kChannels, rows, kWidth}, 8)}};
    std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
    RewriteReport report = test.optimize();
    expect_close(evaluate_graph(test.graph(), feeds), before, 1e-5);
    return report;
  }
};

TEST(MergeSumsOfTensors, DifferentWeightsAreOneConvolutionOverAllRows) {
  for (int64_t rows : {1, 3}) {
    TwoTensors t(rows);
    auto terms = t.terms([](GraphCase& test, ValueId x, int) { return conv(test, x); });
    t.test.output(t.chain(terms));
    RewriteReport report = t.check();
    EXPECT_EQ(t.test.count("Conv"), 1) << report.to_text();
    EXPECT_EQ(t.test.count("Add") + t.test.count("ReduceSum"), 0) << report.to_text();
    EXPECT_EQ(t.test.count("Gather"), 0) << report.to_text();
  }
}

TEST(MergeSumsOfTensors, OneWeightIsAConvolutionOfTheSum) {
  TwoTensors t;
  ValueId w = t.test.weight({5, kChannels, 3});
  ValueId bias = t.test.weight({5});
  auto terms =
      t.terms([&](GraphCase& test, ValueId x, int) { return test.node("Conv", {x, w, bias}); });
  t.test.output(t.test.node("Sum", terms));
  RewriteReport report = t.check();
  EXPECT_EQ(t.test.count("Conv"), 1) << report.to_text();
  EXPECT_EQ(t.test.count("Concat"), 0) << report.to_text();
}

TEST(MergeSumsOfTensors, PairsThatAreAddedUpInTurn) {
  TwoTensors t;
  auto terms = t.terms([](GraphCase& test, ValueId x, int) { return conv(test, x); });
  std::vector<ValueId> pairs;
  for (size_t i = 0; i < terms.size(); i += 2) {
    pairs.push_back(t.test.node("Add", {terms[i], terms[i + 1]}));
  }
  t.test.output(t.chain(pairs));
  RewriteReport report = t.check();
  EXPECT_EQ(t.test.count("Conv"), 1) << report.to_text();
  EXPECT_EQ(t.test.count("Add") + t.test.count("ReduceSum"), 0) << report.to_text();
}

// What a branch adds up is a step of it: out[h] = conv(a[h]) + conv(b[h]).
TEST(MergeSumsOfTensors, SumsInsideOfBranchesStayThere) {
  TwoTensors t;
  auto terms = t.terms([](GraphCase& test, ValueId x, int) { return conv(test, x); });
  std::vector<ValueId> pairs;
  for (size_t i = 0; i < terms.size(); i += 2) {
    pairs.push_back(t.test.node("Add", {terms[i], terms[i + 1]}));
  }
  t.test.output(join(t.test, pairs));
  RewriteReport report = t.check();
  EXPECT_EQ(t.test.count("Conv"), 2) << report.to_text();
  EXPECT_EQ(t.test.count("Add"), 1) << report.to_text();
}

// A pair that something else reads is no part of the sum.
TEST(MergeSumsOfTensors, PairsThatAreReadElsewhere) {
  TwoTensors t;
  auto terms = t.terms([](GraphCase& test, ValueId x, int) { return conv(test, x); });
  std::vector<ValueId> pairs;
  for (size_t i = 0; i < terms.size(); i += 2) {
    pairs.push_back(t.test.node("Add", {terms[i], terms[i + 1]}));
  }
  t.test.output(t.chain(pairs));
  t.test.output(pairs[1], "pair");
  RewriteReport report = t.check();
  EXPECT_EQ(t.test.count("Conv"), 2) << report.to_text();
}

TEST(MergeSumsOfTensors, ANonlinearityBetween) {
  TwoTensors t;
  auto terms =
      t.terms([](GraphCase& test, ValueId x, int) { return test.node("Tanh", {conv(test, x)}); });
  t.test.output(t.chain(terms));
  RewriteReport report = t.check();
  EXPECT_EQ(t.test.count("Conv"), 1) << report.to_text();
  EXPECT_EQ(t.test.count("Tanh"), 1) << report.to_text();
}

// The sum of a's branches goes into what b is made of.
TEST(MergeSumsOfTensors, ATensorThatIsMadeOfTheOther) {
  GraphCase test;
  ValueId a = test.input("a", {2, kChannels, 3, kWidth});
  ValueId b = test.node("Mul", {test.node("Tanh", {a}), a});
  ValueId row = test.node("Relu", {row_by_gather(test, a, 0)});
  b = test.node("Add", {b, test.node("Unsqueeze", {row, test.ints({2})})});
  std::vector<ValueId> terms;
  for (int h = 0; h < 3; ++h) {
    terms.push_back(test.node("Relu", {conv(test, row_by_gather(test, a, h))}));
    terms.push_back(test.node("Relu", {conv(test, row_by_gather(test, b, h))}));
  }
  test.output(test.node("Sum", terms));
  test.finish();
  Feeds feeds{{"a", random_floats({2, kChannels, 3, kWidth}, 7)}};
  std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
  RewriteReport report = test.optimize();
  expect_close(evaluate_graph(test.graph(), feeds), before, 1e-5);
  EXPECT_LE(test.count("Conv"), 2) << report.to_text();
}

}  // namespace
}  // namespace convoy::testing
