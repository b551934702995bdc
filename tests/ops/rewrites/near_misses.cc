#include "tests/ops/rewrites/near_misses.h"

#include "tests/ops/rewrites/near_miss_reasons.h"

namespace convoy::testing {
namespace {

void expect_reason(const RewriteReport& report, const std::string& rule, int near) {
  auto known = near_miss_reasons().find(rule);
  bool named = known != near_miss_reasons().end();
  std::string expected = named ? known->second.at(static_cast<size_t>(near) - 1) : "";
  std::string reason;
  for (const RewriteEntry& entry : report.nearly) {
    if (entry.rule == rule) reason = entry.reason;
  }
  EXPECT_EQ(reason, expected) << near << "\n" << report.to_text();
}

}  // namespace

TEST_P(NearMisses, FiresInTheFirstCaseOnly) {
  const NearMiss& one = GetParam();
  for (int near = 0; near <= one.misses; ++near) {
    GraphCase test(one.opset);
    one.build(test, near);
    test.finish();
    Feeds feeds;
    uint32_t seed = 3;
    for (ValueId input : test.graph().inputs()) {
      const ValueInfo& info = test.graph().value(input);
      Shape shape;
      for (const Dimension& dim : *info.type.shape) shape.push_back(dim.known() ? dim.size : 4);
      feeds[info.name] =
          info.type.dtype == DType::kBool ? Tensor::scalar(true) : random_floats(shape, seed++);
    }
    std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
    RewriteOptions options;
    options.only = {one.rule};
    if (!one.before.empty()) options.only.push_back(one.before);
    options.lowering = one.lowering;
    RewriteReport report = test.optimize(options);
    EXPECT_EQ(report.count(one.rule) > 0, near == 0) << near << "\n" << report.to_text();
    expect_close(evaluate_graph(test.graph(), feeds), before, 1e-5);
    if (near > 0) expect_reason(report, one.rule, near);
  }
}

}  // namespace convoy::testing
