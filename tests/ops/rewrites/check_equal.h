// A graph computes the same before and after its rewrites.
#pragma once

#include "tests/rewrite/graph_case.h"

namespace convoy::testing {

// Feeds every input with random numbers and compares before and after. Dimensions that are not
// known become 2.
inline RewriteReport check_equal(GraphCase& test, const RewriteOptions& options = {},
                                 double r = 1e-5) {
  test.finish();
  Feeds feeds;
  for (ValueId input : test.graph().inputs()) {
    const ValueInfo& info = test.graph().value(input);
    Shape shape;
    for (const Dimension& dim : *info.type.shape) shape.push_back(dim.known() ? dim.size : 2);
    feeds[info.name] = random_floats(shape, 11);
  }
  std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
  RewriteReport report = test.optimize(options);
  expect_close(evaluate_graph(test.graph(), feeds), before, r);
  return report;
}

inline RewriteOptions lowering() {
  RewriteOptions options;
  options.lowering = true;
  return options;
}

}  // namespace convoy::testing
