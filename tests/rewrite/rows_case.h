// Graphs of rows that travel separately, for tests of branch merging.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/rewrite/graph_case.h"

namespace convoy::testing {

constexpr int kRows = 4;
constexpr int kChannels = 3;
constexpr int kWidth = 9;
using List = std::vector<int64_t>;

using Branch = std::function<ValueId(GraphCase&, ValueId row, int h)>;

inline ValueId row_by_gather(GraphCase& test, ValueId x, int h) {
  return test.node("Gather", {x, test.index(h)}, {{"axis", int64_t{2}}});
}

inline ValueId row_by_slice(GraphCase& test, ValueId x, int h) {
  ValueId slice = test.node("Slice", {x, test.ints({h}), test.ints({h + 1}), test.ints({2})});
  return test.node("Squeeze", {slice, test.ints({2})});
}

inline ValueId conv(GraphCase& test, ValueId x, int64_t out = 5, Attributes attributes = {}) {
  return test.node("Conv", {x, test.weight({out, kChannels, 3}), test.weight({out})},
                   std::move(attributes));
}

inline ValueId plain_conv(GraphCase& test, ValueId x, int) { return conv(test, x); }

inline ValueId join(GraphCase& test, const std::vector<ValueId>& rows, int64_t axis = 2) {
  std::vector<ValueId> parts;
  for (ValueId row : rows) parts.push_back(test.node("Unsqueeze", {row, test.ints({axis})}));
  return test.node("Concat", parts, {{"axis", axis}});
}

struct Rows {
  GraphCase test;
  ValueId x;

  explicit Rows(Dim batch = 2, Dim width = kWidth)
      : x(test.input("x", {batch, kChannels, kRows, width})) {}

  std::vector<ValueId> apply(const Branch& branch, bool sliced = false, List order = {0, 1, 2, 3}) {
    std::vector<ValueId> rows;
    for (int64_t h : order) {
      auto row = static_cast<int>(h);
      rows.push_back(
          branch(test, sliced ? row_by_slice(test, x, row) : row_by_gather(test, x, row), row));
    }
    return rows;
  }

  // Optimizes and compares the numbers before and after.
  RewriteReport check(int64_t batch = 2, int64_t width = kWidth) {
    test.finish();
    Feeds feeds{{"x", random_floats({batch, kChannels, kRows, width}, 7)}};
    std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
    RewriteReport report = test.optimize();
    expect_close(evaluate_graph(test.graph(), feeds), before, 1e-5);
    return report;
  }
};

}  // namespace convoy::testing
