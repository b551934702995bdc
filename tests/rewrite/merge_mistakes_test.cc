// Mistakes that mergers of branches have made: each must keep its numbers, and what differs must
// stay apart.
#include "tests/rewrite/rows_case.h"

namespace convoy::testing {
namespace {

std::vector<ValueId> split_rows(Rows& rows) {
  std::vector<ValueType> types(kRows,
                               ValueType::tensor(DType::kFloat32, Shape{2, kChannels, 1, kWidth}));
  std::vector<ValueId> parts = rows.test.build().nodes(
      "Split", {rows.x, rows.test.ints({1, 1, 1, 1})}, {{"axis", int64_t{2}}}, types);
  std::vector<ValueId> made;
  for (ValueId part : parts) {
    made.push_back(rows.test.node("Squeeze", {part, rows.test.ints({2})}));
  }
  return made;
}

TEST(MergeMistakes, OutputsOfASplitInAnotherOrderAndNotAllUsed) {
  for (const List& order : {List{2, 0, 3, 1}, List{3, 1}, List{0, 2, 2}}) {
    Rows rows;
    std::vector<ValueId> parts = split_rows(rows);
    std::vector<ValueId> made;
    for (int64_t h : order) made.push_back(conv(rows.test, parts[static_cast<size_t>(h)]));
    rows.test.output(join(rows.test, made));
    RewriteReport report = rows.check();
    EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
  }
}

TEST(MergeMistakes, NegativeIndicesCountFromTheEnd) {
  Rows rows;
  auto branch = [](GraphCase& t, ValueId x, int) { return conv(t, x); };
  rows.test.output(join(rows.test, rows.apply(branch, false, {-1, 0, -3, 2})));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
}

TEST(MergeMistakes, ResultsMeetOnAnotherAxisThanTheyWereTakenFrom) {
  for (int64_t axis : {0, 1, 2}) {
    Rows rows;
    std::vector<ValueId> made = rows.apply(plain_conv);
    rows.test.output(rows.test.node("Concat", made, {{"axis", axis}}));
    RewriteReport report = rows.check();
    EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
  }
}

struct Difference {
  const char* name;
  std::function<Attributes(int row)> attributes;
};

class MergeDifferences : public ::testing::TestWithParam<Difference> {};

TEST_P(MergeDifferences, StayApart) {
  Rows rows;
  const Difference& difference = GetParam();
  std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int row) {
    return t.node("Conv", {x, t.weight({3, kChannels, 3})}, difference.attributes(row));
  });
  rows.test.output(rows.test.node("Concat", made, {{"axis", int64_t{2}}}));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), kRows) << report.to_text();
}

INSTANTIATE_TEST_SUITE_P(
    Attributes, MergeDifferences,
    ::testing::Values(
        Difference{"strides", [](int row) { return Attributes{{"strides", List{1 + row}}}; }},
        Difference{"pads", [](int row) { return Attributes{{"pads", List{row, 0}}}; }},
        Difference{"sides", [](int row) { return Attributes{{"pads", List{row, 3 - row}}}; }},
        Difference{"dilations", [](int row) { return Attributes{{"dilations", List{1 + row}}}; }}),
    [](const auto& info) { return info.param.name; });

TEST(MergeMistakes, UpperAndLowerPaddingStayApart) {
  Rows rows;
  std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int row) {
    std::string padding = row % 2 == 0 ? "SAME_UPPER" : "SAME_LOWER";
    return t.node("Conv", {x, t.weight({3, kChannels, 2})}, {{"auto_pad", padding}});
  });
  rows.test.output(rows.test.node("Concat", made, {{"axis", int64_t{2}}}));
  rows.check();
  EXPECT_GE(rows.test.count("Conv"), 2);
}

TEST(MergeMistakes, GroupedBesidesUngrouped) {
  Rows rows;
  std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int row) {
    if (row % 2 == 0) return t.node("Conv", {x, t.weight({3, kChannels, 3})});
    return t.node("Conv", {x, t.weight({3, 1, 3})}, {{"group", int64_t{3}}});
  });
  rows.test.output(rows.test.node("Concat", made, {{"axis", int64_t{2}}}));
  rows.check();
  EXPECT_GE(rows.test.count("Conv"), 2);
}

TEST(MergeMistakes, DefaultsWrittenOutAreNoDifference) {
  Rows rows;
  std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int row) {
    Attributes written = {{"strides", List{1}},
                          {"pads", List{0, 0}},
                          {"dilations", List{1}},
                          {"kernel_shape", List{3}}};
    return t.node("Conv", {x, t.weight({3, kChannels, 3})}, row % 2 == 0 ? written : Attributes{});
  });
  rows.test.output(join(rows.test, made));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
}

TEST(MergeMistakes, OverlappingWindowsAreRowsToo) {
  Rows rows;
  std::vector<ValueId> made;
  for (int h = 0; h < 3; ++h) {
    ValueId window = rows.test.node(
        "Slice", {rows.x, rows.test.ints({h}), rows.test.ints({h + 2}), rows.test.ints({2})});
    made.push_back(rows.test.node("Conv", {window, rows.test.weight({4, kChannels, 2, 3})}));
  }
  rows.test.output(rows.test.node("Concat", made, {{"axis", int64_t{2}}}));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
}

// Every attribute goes along into the merged convolution, with the groups multiplied.
TEST(MergeMistakes, GroupedStridedDilatedAndPaddedUnevenly) {
  Rows rows;
  std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int) {
    ValueId y = conv(t, x, 6);
    return t.node("Conv", {y, t.weight({4, 3, 3}), t.weight({4})},
                  {{"group", int64_t{2}},
                   {"strides", List{2}},
                   {"dilations", List{2}},
                   {"pads", List{3, 1}}});
  });
  rows.test.output(join(rows.test, made));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 2) << report.to_text();
}

TEST(MergeMistakes, OneWeightInGroups) {
  Rows rows;
  ValueId w = rows.test.weight({6, 1, 3});
  std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int) {
    return t.node("Conv", {x, w}, {{"group", int64_t{kChannels}}, {"pads", List{0, 2}}});
  });
  rows.test.output(join(rows.test, made));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
}

// What lies between the two layers is read by a node outside and is a graph output too.
TEST(MergeMistakes, AnIntermediateThatIsReadElsewhere) {
  Rows rows;
  std::vector<ValueId> between;
  std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int) {
    between.push_back(t.node("Relu", {conv(t, x, kChannels)}));
    return conv(t, between.back());
  });
  rows.test.output(join(rows.test, made));
  rows.test.output(rows.test.node("ReduceSum", {between[1]}, {{"keepdims", int64_t{0}}}), "sum");
  rows.test.output(between[2], "tapped");
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 2) << report.to_text();
  EXPECT_EQ(rows.test.graph().value_name(rows.test.graph().outputs()[2]), "tapped");
}

TEST(MergeMistakes, ARowThatIsReadElsewhere) {
  Rows rows;
  std::vector<ValueId> leaves;
  std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int) {
    leaves.push_back(x);
    return conv(t, x);
  });
  rows.test.output(join(rows.test, made));
  rows.test.output(leaves[2], "row");
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
}

// From IR 4 on an initializer that is an input too may be fed.
TEST(MergeMistakes, WeightsThatMayBeOverriddenStayApart) {
  Rows rows;
  std::vector<ValueId> weights;
  for (int h = 0; h < kRows; ++h) {
    weights.push_back(rows.test.input("w" + std::to_string(h), {5, kChannels, 3}));
    rows.test.graph().set_initializer(weights.back(), random_floats({5, kChannels, 3}, 3));
  }
  rows.test.output(join(rows.test, rows.apply([&](GraphCase& t, ValueId x, int h) {
    return t.node("Conv", {x, weights[static_cast<size_t>(h)]});
  })));
  rows.test.finish();
  RewriteReport report = rows.test.optimize();
  EXPECT_EQ(rows.test.count("Conv"), kRows) << report.to_text();
}

TEST(MergeMistakes, RandomBranchesStayApart) {
  Rows rows;
  std::vector<ValueId> made = rows.apply([](GraphCase& t, ValueId x, int) {
    ValueId noise = t.node("RandomNormalLike", {x}, {{"dtype", int64_t{1}}});
    return t.node("Add", {x, noise});
  });
  rows.test.output(join(rows.test, made));
  rows.test.finish();
  rows.test.optimize();
  EXPECT_EQ(rows.test.count("RandomNormalLike"), kRows);
}

// Two rows meet in every branch: each is read by two branches.
TEST(MergeMistakes, EveryBranchReadsItsNeighbour) {
  Rows rows;
  std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int h) {
    ValueId next = row_by_gather(t, rows.x, (h + 1) % kRows);
    return conv(t, t.node("Sub", {x, next}));
  });
  rows.test.output(join(rows.test, made));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
}

}  // namespace
}  // namespace convoy::testing
