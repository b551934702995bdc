// Why branches stay apart, in words.
#include "ops/rewrites/branch_merge/what_differs.h"

#include "tests/rewrite/graph_case.h"

namespace convoy::testing {
namespace {

using List = std::vector<int64_t>;

struct Rows {
  GraphCase test;
  ValueId x = test.input("x", {2, 3, 10, 9});

  ValueId row(int h) { return test.node("Gather", {x, test.index(h)}, {{"axis", int64_t{2}}}); }
  ValueId conv(int h, int64_t kernel, Attributes attributes = {}) {
    if (attributes.empty()) attributes["pads"] = List{kernel / 2, kernel / 2};
    return test.node("Conv", {row(h), test.weight({4, 3, kernel})}, std::move(attributes));
  }
};

std::optional<std::string> difference(Rows& rows, const std::vector<ValueId>& ends) {
  return what_differs(rows.test.graph(), Registry::standard(), ends);
}

TEST(WhatDiffers, OneBranchHasAnotherKernel) {
  Rows rows;
  std::vector<ValueId> ends;
  for (int h = 0; h < 10; ++h) {
    ValueId end = rows.test.node("Relu", {rows.conv(h, h == 2 ? 5 : 3)});
    ends.push_back(rows.test.node("Unsqueeze", {end, rows.test.ints({2})}));
  }
  EXPECT_EQ(difference(rows, ends), "branch 3 of 10 has kernel 5, the others 3");
}

TEST(WhatDiffers, SeveralGroups) {
  Rows rows;
  std::vector<ValueId> ends;
  for (int64_t kernel : {3, 3, 5, 3, 7, 5}) {
    ends.push_back(rows.conv(static_cast<int>(ends.size()), kernel));
  }
  EXPECT_EQ(difference(rows, ends),
            "branches 3 and 6 of 6 have kernel 5, branch 5 has 7, the others 3");
}

TEST(WhatDiffers, AnotherOperatorAndAnotherDilation) {
  Rows rows;
  std::vector<ValueId> ends = {rows.conv(0, 3), rows.test.node("Relu", {rows.row(1)}),
                               rows.conv(2, 3)};
  EXPECT_EQ(difference(rows, ends), "branch 2 of 3 has operator Relu, the others Conv");
  ends[1] = rows.conv(1, 3, {{"pads", List{1, 1}}, {"dilations", List{2}}});
  EXPECT_EQ(difference(rows, ends), "branch 2 of 3 has dilations 2, the others 1");
}

TEST(WhatDiffers, NothingBetweenEqualBranches) {
  Rows rows;
  std::vector<ValueId> ends = {rows.conv(0, 3), rows.conv(1, 3)};
  EXPECT_EQ(difference(rows, ends), std::nullopt);
}

TEST(WhatDiffers, TheReportSaysWhyABranchStaysApart) {
  Rows rows;
  std::vector<ValueId> ends;
  for (int h = 0; h < 10; ++h) ends.push_back(rows.conv(h, h == 2 ? 5 : 3));
  rows.test.output(rows.test.node("Concat", ends, {{"axis", int64_t{1}}}));
  rows.test.finish();
  std::string text = rows.test.optimize().to_text();
  EXPECT_NE(text.find("branch 3 of 10 has kernel 5, the others 3"), std::string::npos) << text;
}

}  // namespace
}  // namespace convoy::testing
