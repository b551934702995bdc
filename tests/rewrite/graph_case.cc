#include "tests/rewrite/graph_case.h"

#include <cmath>
#include <random>

#include "runtime/onnx/inference.h"
#include "runtime/op/evaluate.h"

namespace convoy::testing {

GraphCase::GraphCase(int opset) : builder_(model_.graph, opset, "case") {
  model_.ir_version = 8;
  model_.opsets[""] = opset;
  model_.graph.opset = opset;
}

ValueId GraphCase::input(const std::string& name, std::vector<Dim> dims, DType dtype) {
  std::vector<Dimension> sizes(dims.begin(), dims.end());
  return graph().add_input(name, ValueType::tensor(dtype, std::move(sizes)));
}

Tensor random_floats(const Shape& shape, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  Tensor tensor = Tensor::allocate(DType::kFloat32, shape);
  float* data = tensor.mutable_data<float>();
  for (int64_t i = 0; i < tensor.count(); ++i) data[i] = uniform(random);
  return tensor;
}

ValueId GraphCase::weight(const Shape& shape, const std::string& name) {
  auto seed = static_cast<uint32_t>(graph().value_count());
  return graph().add_constant(random_floats(shape, seed), name);
}

ValueId GraphCase::positive(const Shape& shape) {
  Tensor tensor = random_floats(shape, static_cast<uint32_t>(graph().value_count()));
  float* data = tensor.mutable_data<float>();
  for (int64_t i = 0; i < tensor.count(); ++i) data[i] = 1.0F + data[i] / 2;
  return graph().add_constant(tensor, "p");
}

ValueId GraphCase::floats(const Shape& shape, std::vector<float> values) {
  return graph().add_constant(Tensor::from<float>(shape, values), "c");
}

ValueId GraphCase::ints(std::vector<int64_t> values) {
  return graph().add_constant(Tensor::from_int64s(values), "i");
}

ValueId GraphCase::index(int64_t value) { return graph().add_constant(Tensor::scalar(value), "i"); }

ValueId GraphCase::node(std::string_view type, std::vector<ValueId> inputs, Attributes attributes) {
  return builder_.node(type, std::move(inputs), std::move(attributes));
}

void GraphCase::output(ValueId value, const std::string& name) {
  graph().rename(value, name);
  graph().add_output(value);
}

void GraphCase::finish() { infer_model_types(model_); }

RewriteReport GraphCase::optimize(const RewriteOptions& options) {
  return optimize_graph(model_, options);
}

RewriteReport GraphCase::only(const std::vector<std::string>& rewrites) {
  RewriteOptions options;
  options.only = rewrites;
  return optimize_graph(model_, options);
}

int GraphCase::count(const std::string& op_type) {
  int found = 0;
  for (NodeId id : graph().topological_order()) found += graph().node(id).op_type == op_type;
  return found;
}

std::vector<Tensor> evaluate_graph(const Graph& graph, const Feeds& feeds) {
  std::map<ValueId, Value> known;
  for (ValueId input : graph.inputs()) known[input] = feeds.at(graph.value_name(input));
  auto pool = make_thread_pool(1);
  EvaluateEnvironment environment{Registry::standard(), *pool, nullptr, {}};
  auto value_of = [&](ValueId id) -> Value {
    if (id == ValueId::kNone) return {};
    if (const Tensor* constant = graph.constant(id)) return *constant;
    return known.at(id);
  };
  for (NodeId id : graph.topological_order()) {
    const Node& node = graph.node(id);
    std::vector<Value> inputs;
    std::vector<bool> constants;
    for (ValueId input : node.inputs) {
      inputs.push_back(value_of(input));
      constants.push_back(input != ValueId::kNone && graph.constant(input) != nullptr);
    }
    std::vector<Value> outputs = evaluate_node(graph, node, inputs, constants, environment);
    for (size_t j = 0; j < outputs.size(); ++j) {
      if (node.outputs[j] != ValueId::kNone) known[node.outputs[j]] = outputs[j];
    }
  }
  std::vector<Tensor> results;
  for (ValueId output : graph.outputs()) results.push_back(value_of(output).tensor().contiguous());
  return results;
}

void expect_close(const std::vector<Tensor>& a, const std::vector<Tensor>& b, double r) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].shape(), b[i].shape());
    ASSERT_EQ(a[i].dtype(), b[i].dtype());
    if (!is_floating(a[i].dtype())) {
      EXPECT_TRUE(identical(a[i], b[i]));
      continue;
    }
    std::vector<double> x = to_doubles(a[i]);
    std::vector<double> y = to_doubles(b[i]);
    double largest = 0;
    double difference = 0;
    for (size_t k = 0; k < x.size(); ++k) {
      largest = std::max(largest, std::abs(y[k]));
      difference = std::max(difference, std::abs(x[k] - y[k]));
      ASSERT_EQ(std::isnan(x[k]), std::isnan(y[k]));
    }
    EXPECT_LE(difference, r * largest) << "output " << i;
  }
}

}  // namespace convoy::testing
