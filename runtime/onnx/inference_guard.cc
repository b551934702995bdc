#include "runtime/onnx/inference_guard.h"

#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace convoy {
namespace {

// ONNX keeps axes and counts in an int.
constexpr int64_t kMostNumber = std::numeric_limits<int32_t>::max();
constexpr int64_t kMostSize = int64_t{1} << 48;
constexpr int64_t kLongestStep = 1 << 16;

// Attributes of ONNX's own operators that are values or ends of ranges.
bool takes_any_number(std::string_view attribute) {
  static const std::unordered_set<std::string_view> kNames = {
      "value_int", "value_ints", "starts",       "ends",        "start",
      "end",       "k",          "ignore_index", "pool_int64s", "shape"};
  return kNames.contains(attribute);
}

void check_number(const std::string& attribute, int64_t number) {
  if (number >= -kMostNumber && number <= kMostNumber) return;
  fail(ErrorCode::kInvalidModel, "attribute '{}' is {}, which is out of range", attribute, number);
}

void check_numbers(const Node& node, onnx::InferenceContext& context) {
  for (const auto& [name, value] : node.attributes) {
    if (takes_any_number(name)) continue;
    if (const auto* number = std::get_if<int64_t>(&value)) {
      check_number(name, *number);
    } else if (const auto* numbers = std::get_if<std::vector<int64_t>>(&value)) {
      for (int64_t item : *numbers) check_number(name, item);
    } else if (std::holds_alternative<AttributeReference>(value)) {
      const onnx::AttributeProto* bound = context.getAttribute(name);
      if (bound == nullptr) continue;
      check_number(name, bound->i());
      for (int64_t item : bound->ints()) check_number(name, item);
    }
  }
}

void check_sizes(onnx::InferenceContext& context) {
  for (size_t i = 0; i < context.getNumInputs(); ++i) {
    if (!onnx::hasInputShape(context, i)) continue;
    const onnx::TypeProto& type = *context.getInputType(i);
    if (!type.has_tensor_type()) continue;
    for (const auto& dim : type.tensor_type().shape().dim()) {
      bool fits = !dim.has_dim_value() || (dim.dim_value() >= 0 && dim.dim_value() <= kMostSize);
      check_model(fits, "input {} has the size {}, which no tensor can have", i, dim.dim_value());
    }
  }
}

// Letters, and "..." once.
bool is_term(std::string_view term) {
  bool dots = false;
  for (size_t i = 0; i < term.size(); ++i) {
    char lower = static_cast<char>(term[i] | 0x20);
    if (lower >= 'a' && lower <= 'z') continue;
    if (dots || term.substr(i, 3) != "...") return false;
    dots = true;
    i += 2;
  }
  return true;
}

bool is_equation(std::string_view equation) {
  size_t arrow = equation.find("->");
  if (arrow != std::string_view::npos && !is_term(equation.substr(arrow + 2))) return false;
  std::string_view terms = equation.substr(0, arrow);
  while (true) {
    size_t comma = terms.find(',');
    if (!is_term(terms.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    terms.remove_prefix(comma + 1);
  }
}

void guard_einsum(const Node&, onnx::InferenceContext& context) {
  std::string equation = onnx::getAttribute(context, "equation", "");
  std::erase(equation, ' ');
  check_model(is_equation(equation),
              "the equation '{}' is not made of letters, ',', '...' and '->'", equation);
}

void guard_gather_nd(const Node&, onnx::InferenceContext& context) {
  int64_t batch_dims = onnx::getAttribute(context, "batch_dims", int64_t{0});
  check_model(batch_dims >= 0, "batch_dims is {}, but must not be negative", batch_dims);
  for (size_t i = 0; i < 2; ++i) {
    if (!onnx::hasInputShape(context, i)) continue;
    int rank = onnx::getInputShape(context, i).dim_size();
    check_model(batch_dims < rank, "batch_dims is {}, but input {} has rank {}", batch_dims, i,
                rank);
  }
}

void guard_axis(const Node&, onnx::InferenceContext& context) {
  if (!onnx::hasInputShape(context, 0)) return;
  int rank = onnx::getInputShape(context, 0).dim_size();
  int64_t axis = onnx::getAttribute(context, "axis", int64_t{-1});
  check_model(axis >= -rank && axis < rank, "axis {} is out of range for rank {}", axis, rank);
}

void guard_split(const Node& node, onnx::InferenceContext& context) {
  const onnx::AttributeProto* given = context.getAttribute("num_outputs");
  auto outputs = static_cast<int64_t>(node.outputs.size());
  if (given != nullptr) {
    check_model(given->i() == outputs, "num_outputs is {}, but the node has {} outputs", given->i(),
                outputs);
  }
  if (!onnx::hasInputShape(context, 0)) return;
  // Sizes are ints there.
  for (const auto& dim : onnx::getInputShape(context, 0).dim()) {
    check_supported(dim.dim_value() <= kMostNumber, "a size of {} is not supported",
                    dim.dim_value());
  }
}

using Guard = void (*)(const Node&, onnx::InferenceContext&);

Guard find_guard(std::string_view op_type) {
  static const std::unordered_map<std::string_view, Guard> kGuards = {
      {"Einsum", guard_einsum},
      {"GatherND", guard_gather_nd},
      {"LayerNormalization", guard_axis},
      {"RMSNormalization", guard_axis},
      {"Split", guard_split}};
  auto found = kGuards.find(op_type);
  return found == kGuards.end() ? nullptr : found->second;
}

bool is_carried(const std::vector<Dimension>& shape) {
  if (shape.size() > static_cast<size_t>(kMostCarried)) return false;
  int64_t count = 1;
  for (const Dimension& dimension : shape) {
    if (!dimension.known()) continue;
    if (dimension.size > kMostSize) return false;
    if (dimension.size > 0 && __builtin_mul_overflow(count, dimension.size, &count)) return false;
  }
  return true;
}

}  // namespace

void guard_inference(const Node& node, onnx::InferenceContext& context) {
  check_sizes(context);
  if (!node.domain.empty()) return;
  check_numbers(node, context);
  if (Guard guard = find_guard(node.op_type)) guard(node, context);
}

bool may_propagate(const Node& node, onnx::DataPropagationContext& context) {
  if (node.op_type == "Concat") {
    int64_t count = 0;
    for (size_t i = 0; i < context.getNumInputs() && count <= kMostCarried; ++i) {
      const onnx::TensorShapeProto* data = context.getInputData(i);
      if (data == nullptr) return false;
      count += data->dim_size();
    }
    return count <= kMostCarried;
  }
  if (node.op_type == "Slice" && context.getNumInputs() > 4) {
    const onnx::TensorShapeProto* steps = context.getInputData(4);
    if (steps == nullptr) return false;
    for (const auto& step : steps->dim()) {
      if (step.dim_value() < -kLongestStep || step.dim_value() > kLongestStep) return false;
    }
  }
  return true;
}

ValueType without_excess(ValueType type) {
  if (type.element) {
    type.element = std::make_shared<const ValueType>(without_excess(*type.element));
  }
  if (!type.shape) return type;
  if (!is_carried(*type.shape)) {
    type.shape.reset();
    return type;
  }
  for (Dimension& dimension : *type.shape) {
    if (dimension.symbol.size() > kLongestSymbol) dimension.symbol.clear();
  }
  return type;
}

const onnx::TypeProto& unknown_type() {
  static const onnx::TypeProto unknown;
  return unknown;
}

}  // namespace convoy
