#include "tests/ops/composed_case.h"

#include <algorithm>

#include "runtime/session/session.h"

namespace convoy {
namespace {

Model model_of(const OpCase& c, Feeds& feeds) {
  Model model;
  model.ir_version = 10;
  model.opsets = {{"", 21}, {c.domain, c.version}};
  Graph& graph = model.graph;
  Node node;
  node.op_type = c.op;
  node.domain = c.domain;
  node.version = c.version;
  node.attributes = c.attributes;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    const Tensor& input = c.inputs[i];
    bool constant = std::count(c.constants.begin(), c.constants.end(), static_cast<int>(i)) > 0;
    if (!input.defined()) {
      node.inputs.push_back(ValueId::kNone);
    } else if (constant) {
      node.inputs.push_back(graph.add_constant(input));
    } else {
      std::string name = fmt::format("x{}", i);
      node.inputs.push_back(graph.add_input(name, ValueType::tensor(input.dtype(), input.shape())));
      feeds.emplace_back(name, input);
    }
  }
  for (size_t j = 0; j < c.expected.size(); ++j) {
    bool wanted = c.expected[j].defined();
    node.outputs.push_back(wanted ? graph.add_value(fmt::format("y{}", j)) : ValueId::kNone);
  }
  std::vector<ValueId> outputs = node.outputs;
  graph.add_node(std::move(node));
  for (ValueId output : outputs) {
    if (output != ValueId::kNone) graph.add_output(output);
  }
  return model;
}

void expect_within_steps(const Tensor& actual, const Tensor& expected, int64_t steps,
                         const std::string& what) {
  ASSERT_EQ(to_string(actual.desc()), to_string(expected.desc())) << what;
  std::vector<int64_t> a = to_int64s(actual);
  std::vector<int64_t> b = to_int64s(expected);
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_LE(std::abs(a[i] - b[i]), steps)
        << what << ": element " << i << " is " << a[i] << ", expected " << b[i];
  }
}

}  // namespace

void run_composed_case(const OpCase& c, int64_t steps) {
  for (bool optimize : {true, false}) {
    Feeds feeds;
    Model model = model_of(c, feeds);
    SessionOptions options;
    options.threads = 1;
    options.optimize = optimize;
    Session session(std::move(model), options);
    std::vector<Value> results = session.run(feeds);
    size_t next = 0;
    for (const Tensor& expected : c.expected) {
      if (!expected.defined()) continue;
      const Tensor& actual = results.at(next++).tensor();
      std::string what = fmt::format("{}, {}", c.name, optimize ? "optimized" : "as it is");
      if (steps > 0 && !is_floating(expected.dtype())) {
        expect_within_steps(actual, expected, steps, what);
      } else {
        expect_equal(actual, expected, c.within, what);
      }
    }
  }
}

}  // namespace convoy
