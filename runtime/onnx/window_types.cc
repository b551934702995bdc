#include "runtime/onnx/window_types.h"

#include <map>
#include <string_view>

#include "runtime/graph/node_attributes.h"
#include "runtime/graph/resize_sizes.h"
#include "runtime/graph/window.h"

namespace convoy {
namespace {

using Dimensions = std::vector<Dimension>;
using List = std::vector<int64_t>;

// Where convolutions have their operands; type_of: the input that has the type of Y, -1: int32.
struct ConvSlots {
  int x, w, type_of;
};

const ConvSlots* conv_slots(const Node& node) {
  static const std::map<std::string_view, ConvSlots> kSlots = {{"Conv", {0, 1, 0}},
                                                               {"ConvTranspose", {0, 1, 0}},
                                                               {"DeformConv", {0, 1, 0}},
                                                               {"ConvInteger", {0, 1, -1}},
                                                               {"QLinearConv", {0, 3, 7}}};
  auto found = kSlots.find(node.op_type);
  return found == kSlots.end() ? nullptr : &found->second;
}

bool is_pool(const Node& node) {
  return node.op_type == "MaxPool" || node.op_type == "AveragePool" || node.op_type == "LpPool";
}

bool is_global_pool(const Node& node) {
  return node.op_type.starts_with("Global") && node.op_type.ends_with("Pool");
}

bool is_resize(const Node& node) { return node.op_type == "Resize" || node.op_type == "Upsample"; }

List list_of(const Node& node, std::string_view name) {
  return integers_of(node, name).value_or(List{});
}

const ValueType& type_of(const InferenceScope& scope, const Node& node, int slot) {
  static const ValueType kUnknown;
  return node.has_input(slot) ? scope.graph.value(node.input(slot)).type : kUnknown;
}

Dimensions conv_sizes(const Node& node, const Dimensions& x, const Dimensions& w) {
  check_input(x.size() == w.size() && x.size() >= 2, "X of {} axes does not fit W of {}", x.size(),
              w.size());
  WindowAttributes window = window_of(node);
  int rank = static_cast<int>(x.size()) - 2;
  Dimensions y{x[0], w[0]};
  for (int axis = 0; axis < rank; ++axis) {
    size_t at = static_cast<size_t>(axis) + 2;
    y.push_back(window_count(window, axis, rank, x[at], w[at], false));
  }
  return y;
}

Dimensions transposed_sizes(const Node& node, const Dimensions& x, const Dimensions& w) {
  check_input(x.size() == w.size() && x.size() >= 3, "X of {} axes does not fit W of {}", x.size(),
              w.size());
  TransposedAttributes attributes{window_of(node), list_of(node, "output_padding"),
                                  list_of(node, "output_shape")};
  int rank = static_cast<int>(x.size()) - 2;
  int64_t groups = integer_of(node, "group", 1);
  Dimensions y{x[0],
               w[1].known() ? Dimension{checked_multiply(w[1].size, groups), ""} : Dimension{}};
  for (int axis = 0; axis < rank; ++axis) {
    size_t at = static_cast<size_t>(axis) + 2;
    if (!x[at].known() || !w[at].known()) {
      y.emplace_back();
      continue;
    }
    int64_t size = transposed_axis(attributes, axis, rank, x[at].size, w[at].size).output_size;
    y.push_back({size, ""});
  }
  return y;
}

Dimensions pool_sizes(const Node& node, const Dimensions& x) {
  check_input(x.size() >= 2, "a tensor of {} axes has no channels", x.size());
  WindowAttributes window = window_of(node);
  int rank = static_cast<int>(x.size()) - 2;
  Dimensions y{x[0], x[1]};
  bool whole = is_global_pool(node);
  check_model(whole || static_cast<int>(window.kernel_shape.size()) == rank,
              "kernel_shape has {} entries for {} spatial axes", window.kernel_shape.size(), rank);
  bool ceil_mode = integer_of(node, "ceil_mode", 0) != 0;
  for (int axis = 0; axis < rank; ++axis) {
    auto at = static_cast<size_t>(axis);
    if (whole) {
      y.push_back({1, ""});
      continue;
    }
    Dimension kernel{window.kernel_shape[at], ""};
    check_model(kernel.size >= 1, "the kernel has a size of {}", kernel.size);
    y.push_back(window_count(window, axis, rank, x[at + 2], kernel, ceil_mode));
  }
  return y;
}

// Operands of Resize and Upsample.
class Resizing {
 public:
  Resizing(const InferenceScope& scope, const Node& node) : scope_(scope), node_(node) {
    bool old = node.op_type == "Upsample" || node.version < 11;
    scales_slot_ = old ? 1 : 2;
    sizes_slot_ = old ? -1 : 3;
  }

  Dimensions sizes(const Dimensions& x) const {
    std::vector<int> axes = resized_axes(list_of(node_, "axes"), static_cast<int>(x.size()));
    Dimensions y = x;
    for (int axis : axes) y[static_cast<size_t>(axis)] = {};
    if (auto factors = find_factors()) {
      check_input(factors->size() == axes.size(), "{} scales for {} axes", factors->size(),
                  axes.size());
      for (size_t i = 0; i < axes.size(); ++i) scale(x, (*factors)[i], axes[i], y);
    } else if (auto wanted = find_sizes()) {
      check_input(wanted->size() == axes.size(), "{} sizes for {} axes", wanted->size(),
                  axes.size());
      set_sizes(x, *wanted, axes, y);
    }
    return y;
  }

 private:
  static void scale(const Dimensions& x, float factor, int axis, Dimensions& y) {
    auto at = static_cast<size_t>(axis);
    if (x[at].known()) {
      y[at] = {scaled_size(x[at].size, factor), ""};
    } else if (factor == 1) {
      y[at] = x[at];
    }
  }

  void set_sizes(const Dimensions& x, const Dimensions& wanted, const std::vector<int>& axes,
                 Dimensions& y) const {
    List from, to;
    for (size_t i = 0; i < axes.size(); ++i) {
      const Dimension& size = x[static_cast<size_t>(axes[i])];
      if (size.known()) from.push_back(size.size);
      if (wanted[i].known()) to.push_back(wanted[i].size);
    }
    std::string policy = text_of(node_, "keep_aspect_ratio_policy", "stretch");
    bool known = from.size() == axes.size() && to.size() == axes.size();
    if (known) to = factors_of(from, to, policy).sizes;
    for (size_t i = 0; i < axes.size(); ++i) {
      Dimension& size = y[static_cast<size_t>(axes[i])];
      if (known) {
        size = {to[i], ""};
      } else if (policy == "stretch") {
        size = wanted[i];
      }
    }
  }

  const Tensor* constant(int slot) const {
    return node_.has_input(slot) ? scope_.constant(node_.input(slot)) : nullptr;
  }

  std::optional<std::vector<float>> find_factors() const {
    if (node_.op_type == "Upsample" && node_.version < 7) {
      return std::vector<float>{1, 1, number_of(node_, "height_scale", 1),
                                number_of(node_, "width_scale", 1)};
    }
    auto written = node_.attributes.find("scales");
    if (written != node_.attributes.end()) {
      const auto* list = std::get_if<std::vector<float>>(&written->second);
      return list == nullptr ? std::nullopt : std::optional(*list);
    }
    const Tensor* tensor = constant(scales_slot_);
    if (tensor == nullptr || tensor->count() == 0) return std::nullopt;
    std::vector<float> factors;
    for (double factor : to_doubles(*tensor)) factors.push_back(static_cast<float>(factor));
    return factors;
  }

  std::optional<Dimensions> find_sizes() const {
    Dimensions sizes;
    if (const Tensor* tensor = constant(sizes_slot_)) {
      for (int64_t size : to_int64s(*tensor)) sizes.push_back({size, ""});
    } else if (node_.has_input(sizes_slot_)) {
      auto known = scope_.elements.find(node_.input(sizes_slot_));
      if (known == scope_.elements.end()) return std::nullopt;
      for (const auto& element : known->second.dim()) {
        sizes.push_back(element.has_dim_value() ? Dimension{element.dim_value(), ""}
                                                : Dimension{-1, element.dim_param()});
      }
    }
    return sizes.empty() ? std::nullopt : std::optional(sizes);
  }

  const InferenceScope& scope_;
  const Node& node_;
  int scales_slot_;
  int sizes_slot_;
};

}  // namespace

bool has_window_types(const Node& node) {
  return node.domain.empty() &&
         (conv_slots(node) != nullptr || is_resize(node) || is_pool(node) || is_global_pool(node));
}

std::vector<ValueType> window_types(const InferenceScope& scope, const Node& node) {
  const ConvSlots* slots = conv_slots(node);
  std::vector<ValueType> types(node.outputs.size());
  const ValueType& x = type_of(scope, node, slots == nullptr ? 0 : slots->x);
  if (types.empty() || !x.is_tensor()) return types;
  types[0] = ValueType::tensor(x.dtype);
  if (slots != nullptr) {
    bool integer = slots->type_of < 0;
    types[0].dtype = integer ? DType::kInt32 : type_of(scope, node, slots->type_of).dtype;
    const ValueType& w = type_of(scope, node, slots->w);
    if (!x.shape || !w.shape) return types;
    types[0].shape = node.op_type == "ConvTranspose" ? transposed_sizes(node, *x.shape, *w.shape)
                                                     : conv_sizes(node, *x.shape, *w.shape);
  } else if (x.shape) {
    types[0].shape =
        is_resize(node) ? Resizing(scope, node).sizes(*x.shape) : pool_sizes(node, *x.shape);
  }
  if (is_pool(node) && types.size() > 1) {
    types[1] = ValueType::tensor(DType::kInt64, types[0].shape);
  }
  return types;
}

}  // namespace convoy
