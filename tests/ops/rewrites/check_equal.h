// A graph computes the same before and after its rewrites.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/rewrite/graph_case.h"

namespace convoy::testing {

// Random inputs; open sizes are 2, but for those named `empty`.
inline Feeds feeds_of(const Graph& graph, std::string_view empty) {
  Feeds feeds;
  for (ValueId input : graph.inputs()) {
    const ValueInfo& info = graph.value(input);
    Shape shape;
    for (const Dimension& dim : *info.type.shape) {
      shape.push_back(dim.known() ? dim.size : dim.symbol == empty ? 0 : 2);
    }
    feeds[info.name] = random_floats(shape, 11);
  }
  return feeds;
}

// Optimizes the graph, which must compute the same as before, with nothing along each of its open
// sizes too where it could before.
inline RewriteReport check_equal(GraphCase& test, const RewriteOptions& options = {},
                                 double r = 1e-5) {
  test.finish();
  std::set<std::string> symbols;
  for (ValueId input : test.graph().inputs()) {
    for (const Dimension& dim : *test.graph().value(input).type.shape) {
      if (!dim.known()) symbols.insert(dim.symbol);
    }
  }
  std::vector<std::pair<Feeds, std::vector<Tensor>>> runs;
  Feeds ordinary = feeds_of(test.graph(), "none is called so");
  runs.emplace_back(ordinary, evaluate_graph(test.graph(), ordinary));
  for (const std::string& symbol : symbols) {
    Feeds feeds = feeds_of(test.graph(), symbol);
    try {
      runs.emplace_back(feeds, evaluate_graph(test.graph(), feeds));
    } catch (const Error&) {
      continue;  // not every operator takes nothing
    }
  }
  RewriteReport report = test.optimize(options);
  for (const auto& [feeds, before] : runs) {
    expect_close(evaluate_graph(test.graph(), feeds), before, r);
  }
  return report;
}

inline RewriteOptions lowering() {
  RewriteOptions options;
  options.lowering = true;
  return options;
}

}  // namespace convoy::testing
