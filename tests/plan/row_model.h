// The model that Convoy started from, built by hand: one Conv1d for each row, joined again.
#pragma once

#include <vector>

#include "runtime/graph/graph.h"

namespace convoy::testing {

struct RowModel {
  int64_t batch = 2, channels = 3, rows = 4, width = 9, kernel = 3;  // batch, width -1: dynamic
};

inline ValueId add_op(Graph& graph, std::string_view type, std::vector<ValueId> inputs,
                      Attributes attributes = {}, std::string_view output = "v") {
  Node node;
  node.op_type = type;
  node.version = 17;
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  ValueId result = graph.add_value(output);
  node.outputs = {result};
  graph.add_node(std::move(node));
  return result;
}

inline Tensor ramp(const Shape& shape, float scale) {
  Tensor tensor = Tensor::allocate(DType::kFloat32, shape);
  auto* data = tensor.mutable_data<float>();
  for (int64_t i = 0; i < tensor.count(); ++i) {
    data[i] = scale * static_cast<float>((i * 7919) % 101 - 50);
  }
  return tensor;
}

inline Model make_row_model(const RowModel& size) {
  Model model;
  model.ir_version = 8;
  model.opsets[""] = 17;
  Graph& graph = model.graph;
  graph.opset = 17;
  ValueType type =
      ValueType::tensor(DType::kFloat32, Shape{size.batch, size.channels, size.rows, size.width});
  ValueId x = graph.add_input("x", type);
  ValueId axis = graph.add_constant(Tensor::from_int64s(std::vector<int64_t>{2}), "axis");
  std::vector<ValueId> rows;
  for (int64_t h = 0; h < size.rows; ++h) {
    ValueId index = graph.add_constant(Tensor::scalar<int64_t>(h), "index");
    ValueId row = add_op(graph, "Gather", {x, index}, {{"axis", int64_t{2}}});
    ValueId weight = graph.add_constant(
        ramp({size.channels, size.channels, size.kernel}, 0.01f * static_cast<float>(h + 1)), "w");
    ValueId bias = graph.add_constant(ramp({size.channels}, 0.1f), "b");
    ValueId y = add_op(graph, "Conv", {row, weight, bias});
    rows.push_back(add_op(graph, "Unsqueeze", {y, axis}));
  }
  graph.add_output(add_op(graph, "Concat", rows, {{"axis", int64_t{2}}}, "y"));
  return model;
}

}  // namespace convoy::testing
