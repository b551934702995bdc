// The driver: where it stops, which rewrites it takes, and its time.
#include "tests/ops/rewrites/check_equal.h"

namespace convoy::testing {
namespace {

using List = std::vector<int64_t>;

TEST(Rewrites, StopsAfterAGivenNumber) {
  GraphCase test;
  ValueId y = test.input("x", {2, 3});
  for (int i = 0; i < 5; ++i) y = test.node("Neg", {test.node("Identity", {y})});
  test.output(y);
  RewriteOptions options;
  options.stop_after = 2;
  RewriteReport report = check_equal(test, options);
  EXPECT_EQ(report.fired.size(), 2U);
  EXPECT_TRUE(report.stopped);
  EXPECT_EQ(test.count("Identity"), 3);
}

TEST(Rewrites, SkipAndOnlyNameRewrites) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3});
  test.output(test.node("Neg", {test.node("Identity", {x})}));
  test.finish();
  RewriteOptions options;
  options.skip = {"remove_identity"};
  EXPECT_TRUE(test.optimize(options).fired.empty());
  options.skip = {"no_such_rewrite"};
  EXPECT_THROW(test.optimize(options), Error);
}

TEST(Rewrites, LongChainsAreLinear) {
  GraphCase test;
  ValueId y = test.input("x", {2, 3});
  for (int i = 0; i < 20000; ++i) y = test.node("Transpose", {y}, {{"perm", List{1, 0}}});
  test.output(test.node("Neg", {y}));
  RewriteReport report = test.optimize();
  EXPECT_EQ(test.graph().node_count(), 1U);
  EXPECT_LT(report.seconds, 20);
}

TEST(Rewrites, ManyReadersOfOneValueAreLinear) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3});
  std::vector<ValueId> parts;
  for (int i = 0; i < 10000; ++i) {
    ValueId same = test.node("Identity", {x});
    parts.push_back(test.node("Add", {same, test.floats({}, {static_cast<float>(i)})}));
  }
  test.output(test.node("Sum", parts));
  RewriteReport report = test.optimize();
  EXPECT_EQ(test.count("Identity"), 0);
  EXPECT_LT(report.seconds, 20);
}

}  // namespace
}  // namespace convoy::testing
