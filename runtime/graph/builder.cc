#include "runtime/graph/builder.h"

#include <algorithm>
#include <numeric>

namespace convoy {
namespace {

using Sizes = std::vector<Dimension>;

// The type of x with its dimensions changed; unknown where the rank of x is.
template <typename F>
ValueType with_dims(const ValueType& x, F change) {
  if (!x.is_tensor()) return {};
  if (!x.shape) return ValueType::tensor(x.dtype);
  Sizes dims = *x.shape;
  change(dims);
  return ValueType::tensor(x.dtype, std::move(dims));
}

}  // namespace

GraphBuilder::GraphBuilder(Graph& graph, int opset, std::string stem)
    : graph_(graph), opset_(opset), stem_(std::move(stem)) {}

std::vector<ValueId> GraphBuilder::nodes(std::string_view op_type, std::vector<ValueId> inputs,
                                         Attributes attributes, std::vector<ValueType> outputs) {
  Node added;
  added.op_type = op_type;
  added.version = opset_;
  added.inputs = std::move(inputs);
  added.attributes = std::move(attributes);
  for (ValueType& type : outputs) {
    added.outputs.push_back(
        graph_.add_value(fmt::format("{}/{}", stem_, added.op_type), std::move(type)));
  }
  added.name = graph_.value_name(added.outputs[0]);
  std::vector<ValueId> values = added.outputs;
  added_.push_back(graph_.add_node(std::move(added)));
  return values;
}

ValueId GraphBuilder::node(std::string_view op_type, std::vector<ValueId> inputs,
                           Attributes attributes, ValueType type, std::string_view domain,
                           int version, int slot) {
  while (!inputs.empty() && inputs.back() == ValueId::kNone) inputs.pop_back();
  Node added;
  added.op_type = op_type;
  added.domain = domain;
  added.version = version > 0 ? version : domain.empty() ? opset_ : 1;
  added.inputs = std::move(inputs);
  added.attributes = std::move(attributes);
  ValueId output = graph_.add_value(fmt::format("{}/{}", stem_, op_type), std::move(type));
  added.outputs.resize(static_cast<size_t>(slot), ValueId::kNone);
  added.outputs.push_back(output);
  added.name = graph_.value_name(output);
  added_.push_back(graph_.add_node(std::move(added)));
  return output;
}

ValueId GraphBuilder::node_like(const Node& like, std::vector<ValueId> inputs, ValueType type,
                                int slot) {
  return node(like.op_type, std::move(inputs), like.attributes, std::move(type), like.domain,
              like.version, slot);
}

ValueId GraphBuilder::constant(Tensor tensor, std::string_view name) {
  std::string wish = fmt::format("{}/{}", stem_, name.empty() ? "constant" : name);
  return graph_.add_constant(std::move(tensor), wish);
}

ValueId GraphBuilder::int64s(std::span<const int64_t> values, std::string_view name) {
  return constant(Tensor::from_int64s(values), name);
}

ValueId GraphBuilder::transpose(ValueId x, const std::vector<int64_t>& perm) {
  ValueType to = with_dims(type(x), [&](Sizes& dims) {
    Sizes moved;
    for (int64_t axis : perm) moved.push_back(dims[static_cast<size_t>(axis)]);
    dims = std::move(moved);
  });
  return node("Transpose", {x}, {{"perm", perm}}, std::move(to));
}

ValueId GraphBuilder::reshape(ValueId x, const std::vector<int64_t>& shape, ValueType to) {
  if (opset_ < 5) return node("Reshape", {x}, {{"shape", shape}}, std::move(to));
  return node("Reshape", {x, int64s(shape, "shape")}, {}, std::move(to));
}

ValueId GraphBuilder::unsqueeze(ValueId x, const std::vector<int64_t>& axes) {
  ValueType to = with_dims(type(x), [&](Sizes& dims) {
    for (int64_t axis : axes) dims.insert(dims.begin() + axis, Dimension{1, ""});
  });
  if (opset_ < 13) return node("Unsqueeze", {x}, {{"axes", axes}}, std::move(to));
  return node("Unsqueeze", {x, int64s(axes, "axes")}, {}, std::move(to));
}

ValueId GraphBuilder::squeeze(ValueId x, const std::vector<int64_t>& axes) {
  ValueType to = with_dims(type(x), [&](Sizes& dims) {
    std::vector<int64_t> sorted = axes;
    std::sort(sorted.rbegin(), sorted.rend());
    for (int64_t axis : sorted) dims.erase(dims.begin() + axis);
  });
  if (opset_ < 13) return node("Squeeze", {x}, {{"axes", axes}}, std::move(to));
  return node("Squeeze", {x, int64s(axes, "axes")}, {}, std::move(to));
}

ValueId GraphBuilder::slice(ValueId x, int64_t axis, int64_t start, int64_t end, int64_t step) {
  ValueType to = with_dims(type(x), [&](Sizes& dims) {
    bool sized = start >= 0 && end >= start;
    dims[static_cast<size_t>(axis)] = {sized ? (end - start + step - 1) / step : -1, ""};
  });
  using List = std::vector<int64_t>;
  if (opset_ < 10) {
    return node("Slice", {x}, {{"axes", List{axis}}, {"starts", List{start}}, {"ends", List{end}}},
                std::move(to));
  }
  std::vector<ValueId> inputs = {x, int64s(List{start}, "starts"), int64s(List{end}, "ends"),
                                 int64s(List{axis}, "axes")};
  if (step != 1) inputs.push_back(int64s(List{step}, "steps"));
  return node("Slice", std::move(inputs), {}, std::move(to));
}

std::vector<ValueId> GraphBuilder::split(ValueId x, int64_t axis,
                                         const std::vector<int64_t>& sizes) {
  std::vector<ValueType> types;
  for (int64_t size : sizes) {
    types.push_back(
        with_dims(type(x), [&](Sizes& dims) { dims[static_cast<size_t>(axis)] = {size, ""}; }));
  }
  if (opset_ < 13) return nodes("Split", {x}, {{"axis", axis}, {"split", sizes}}, types);
  return nodes("Split", {x, int64s(sizes, "split")}, {{"axis", axis}}, types);
}

ValueId GraphBuilder::gather(ValueId x, int64_t axis, std::span<const int64_t> indices) {
  ValueType to = with_dims(type(x), [&](Sizes& dims) {
    dims[static_cast<size_t>(axis)] = {static_cast<int64_t>(indices.size()), ""};
  });
  return node("Gather", {x, int64s(indices, "indices")}, {{"axis", axis}}, std::move(to));
}

ValueId GraphBuilder::pick(ValueId x, int64_t axis, int64_t index) {
  ValueType to = with_dims(type(x), [&](Sizes& dims) { dims.erase(dims.begin() + axis); });
  return node("Gather", {x, constant(Tensor::scalar<int64_t>(index), "index")}, {{"axis", axis}},
              std::move(to));
}

ValueId GraphBuilder::concat(std::vector<ValueId> parts, int64_t axis, ValueType to) {
  return node("Concat", std::move(parts), {{"axis", axis}}, std::move(to));
}

ValueId GraphBuilder::reduce_sum(ValueId x, int64_t axis, bool keep) {
  ValueType to = with_dims(type(x), [&](Sizes& dims) {
    if (keep) {
      dims[static_cast<size_t>(axis)] = {1, ""};
    } else {
      dims.erase(dims.begin() + axis);
    }
  });
  using List = std::vector<int64_t>;
  int64_t keepdims = keep ? 1 : 0;
  if (opset_ < 13) {
    return node("ReduceSum", {x}, {{"axes", List{axis}}, {"keepdims", keepdims}}, std::move(to));
  }
  return node("ReduceSum", {x, int64s(List{axis}, "axes")}, {{"keepdims", keepdims}},
              std::move(to));
}

ValueId GraphBuilder::pad_zeros(ValueId x, const std::vector<int64_t>& pads) {
  ValueType to = with_dims(type(x), [&](Sizes& dims) {
    for (size_t i = 0; i < dims.size(); ++i) {
      if (dims[i].known())
        dims[i] = {dims[i].size + pads[i] + pads[i + dims.size()], ""};
      else
        dims[i] = {};
    }
  });
  if (opset_ < 2) return node("Pad", {x}, {{"paddings", pads}}, std::move(to));
  if (opset_ < 11) return node("Pad", {x}, {{"pads", pads}}, std::move(to));
  return node("Pad", {x, int64s(pads, "pads")}, {}, std::move(to));
}

}  // namespace convoy
