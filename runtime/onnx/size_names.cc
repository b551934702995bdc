#include "runtime/onnx/size_names.h"

#include <atomic>

#include <fmt/format.h>

#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

constexpr size_t kLongestSymbol = 256;

struct WindowAttributes {
  std::vector<int64_t> kernel, strides, dilations, pads;
  bool same = false;  // padded so that only strides change the size
};

bool is_windowed(const Node& node) {
  if (!node.domain.empty()) return false;
  const std::string& type = node.op_type;
  return type == "Conv" || type == "MaxPool" || type == "AveragePool" || type == "LpPool";
}

bool has_reference(const Node& node) {
  for (const auto& [name, value] : node.attributes) {
    if (std::holds_alternative<AttributeReference>(value)) return true;
  }
  return false;
}

std::vector<int64_t> kernel_of(const Graph& graph, const Node& node, size_t axes) {
  std::vector<int64_t> kernel = integers_of(node, "kernel_shape").value_or(std::vector<int64_t>{});
  if (!kernel.empty() || node.op_type != "Conv" || !node.has_input(1)) return kernel;
  const ValueType& weights = graph.value(node.input(1)).type;
  if (!weights.is_tensor() || !weights.shape || weights.shape->size() != axes + 2) return kernel;
  for (size_t i = 2; i < axes + 2; ++i) {
    if (!(*weights.shape)[i].known()) return {};
    kernel.push_back((*weights.shape)[i].size);
  }
  return kernel;
}

std::optional<WindowAttributes> read_window(const Graph& graph, const Node& node, size_t axes) {
  if (has_reference(node) || integer_of(node, "ceil_mode", 0) != 0) return std::nullopt;
  WindowAttributes window;
  window.kernel = kernel_of(graph, node, axes);
  window.strides = integers_of(node, "strides").value_or(std::vector<int64_t>{});
  window.dilations = integers_of(node, "dilations").value_or(std::vector<int64_t>{});
  window.pads = integers_of(node, "pads").value_or(std::vector<int64_t>{});
  if (window.strides.empty()) window.strides.assign(axes, 1);
  if (window.dilations.empty()) window.dilations.assign(axes, 1);
  if (window.pads.empty()) window.pads.assign(2 * axes, 0);
  std::string padding = text_of(node, "auto_pad", "NOTSET");
  window.same = padding == "SAME_UPPER" || padding == "SAME_LOWER";
  if (padding == "VALID") window.pads.assign(2 * axes, 0);
  bool fits = window.kernel.size() == axes && window.strides.size() == axes &&
              window.dilations.size() == axes && window.pads.size() == 2 * axes;
  return fits ? std::optional(window) : std::nullopt;
}

// (size + more) / stride + 1, rounded down.
std::string size_after(const std::string& size, const WindowAttributes& window, size_t axis) {
  int64_t stride = window.strides[axis], more = -1;
  if (!window.same) {
    size_t axes = window.kernel.size();
    int64_t reach = window.dilations[axis] * (window.kernel[axis] - 1) + 1;
    more = window.pads[axis] + window.pads[axes + axis] - reach;
  }
  return stride == 1 && more == -1 ? size : fmt::format("?window({}{:+},{})", size, more, stride);
}

}  // namespace

bool is_own_name(const std::string& symbol) { return !symbol.empty() && symbol[0] == '?'; }

ValueType with_window_sizes(const Graph& graph, const Node& node, ValueType output) {
  if (!is_windowed(node) || !output.is_tensor() || !output.shape) return output;
  const ValueType& input = graph.value(node.input(0)).type;
  if (!input.is_tensor() || !input.shape || input.shape->size() != output.shape->size() ||
      input.shape->size() < 3) {
    return output;
  }
  auto window = read_window(graph, node, input.shape->size() - 2);
  if (!window) return output;
  for (size_t i = 2; i < input.shape->size(); ++i) {
    const Dimension& from = (*input.shape)[i];
    Dimension& to = (*output.shape)[i];
    if (to.known() || !to.symbol.empty() || from.known() || from.symbol.empty()) continue;
    std::string symbol = size_after(from.symbol, *window, i - 2);
    if (symbol.size() <= kLongestSymbol) to.symbol = std::move(symbol);
  }
  return output;
}

ValueType with_own_names(ValueType type) {
  static std::atomic<uint64_t> names{0};
  if (!type.is_tensor() || !type.shape) return type;
  for (Dimension& dimension : *type.shape) {
    if (dimension.known() || !dimension.symbol.empty()) continue;
    dimension.symbol = fmt::format("?{}", names.fetch_add(1) + 1);
  }
  return type;
}

ValueType without_own_names(ValueType type) {
  if (type.element) {
    type.element = std::make_shared<const ValueType>(without_own_names(*type.element));
  }
  if (!type.shape) return type;
  for (Dimension& dimension : *type.shape) {
    if (is_own_name(dimension.symbol)) dimension.symbol.clear();
  }
  return type;
}

}  // namespace convoy
