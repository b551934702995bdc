// Adds nodes to a graph in the form that the graph's opset has: axes as attribute or as input, and
// so on. Types are set where the operands' types decide them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/graph/graph.h"

namespace convoy {

class GraphBuilder {
 public:
  // `opset`: of ONNX's own domain, for all nodes that are added. New values are named after `stem`.
  GraphBuilder(Graph& graph, int opset, std::string stem = "merged");

  Graph& graph() const { return graph_; }
  int opset() const { return opset_; }
  void set_stem(std::string stem) { stem_ = std::move(stem); }

  // A node with one output of the given type (unknown if left out), at `slot`.
  ValueId node(std::string_view op_type, std::vector<ValueId> inputs, Attributes attributes = {},
               ValueType type = {}, std::string_view domain = "", int version = 0, int slot = 0);
  // A copy of `like` with other inputs: same operator, version and attributes. Its only output is
  // the one at `slot`; `type` is that one's.
  ValueId node_like(const Node& like, std::vector<ValueId> inputs, ValueType type = {},
                    int slot = 0);
  // A node with `outputs` outputs.
  std::vector<ValueId> nodes(std::string_view op_type, std::vector<ValueId> inputs,
                             Attributes attributes, std::vector<ValueType> outputs);

  ValueId constant(Tensor tensor, std::string_view name = "");
  ValueId int64s(std::span<const int64_t> values, std::string_view name = "");

  ValueId transpose(ValueId x, const std::vector<int64_t>& perm);
  // `shape` as Reshape reads it with allowzero = 0; `type` as it will come out.
  ValueId reshape(ValueId x, const std::vector<int64_t>& shape, ValueType type);
  // Axes of the output, sorted, ≥ 0.
  ValueId unsqueeze(ValueId x, const std::vector<int64_t>& axes);
  ValueId squeeze(ValueId x, const std::vector<int64_t>& axes);  // ≥ 0
  // Elements start, start + step … below `end` along one axis; step ≥ 1, and 1 below opset 10.
  ValueId slice(ValueId x, int64_t axis, int64_t start, int64_t end, int64_t step = 1);
  // Parts of these sizes along one axis.
  std::vector<ValueId> split(ValueId x, int64_t axis, const std::vector<int64_t>& sizes);
  ValueId gather(ValueId x, int64_t axis, std::span<const int64_t> indices);
  // Removes the axis.
  ValueId pick(ValueId x, int64_t axis, int64_t index);
  ValueId concat(std::vector<ValueId> parts, int64_t axis, ValueType type);
  ValueId reduce_sum(ValueId x, int64_t axis, bool keep);
  ValueId pad_zeros(ValueId x, const std::vector<int64_t>& pads);

  const std::vector<NodeId>& added() const { return added_; }
  const ValueType& type(ValueId id) const { return graph_.value(id).type; }

 private:
  Graph& graph_;
  int opset_;
  std::string stem_;
  std::vector<NodeId> added_;
};

}  // namespace convoy
