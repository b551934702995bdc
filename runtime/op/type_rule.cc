#include "runtime/op/type_rule.h"

#include <algorithm>

#include "runtime/onnx/operand_types.h"

namespace convoy {
namespace {

// Primes, so that no arithmetic leads from one open size to another or to a size that is known.
constexpr int64_t kNumbers[][2] = {{1009, 2003}, {1013, 2011}, {1019, 2017}, {1021, 2027},
                                   {1031, 2029}, {1033, 2039}, {1039, 2053}, {1049, 2063},
                                   {1051, 2069}, {1061, 2081}, {1063, 2083}, {1069, 2087}};

// An open size and the numbers that stand for it.
struct OpenSize {
  Dimension dimension;
  int64_t numbers[2];
};

class Question {
 public:
  // False where a type is not known, or there are more open sizes than numbers.
  bool add(const ValueType& type, bool left_out) {
    if (left_out) {
      for (auto& inputs : inputs_) inputs.emplace_back();
      return true;
    }
    if (!type.is_tensor() || type.dtype == DType::kUndefined || !type.shape) return false;
    for (size_t turn = 0; turn < 2; ++turn) {
      Shape shape;
      for (const Dimension& dimension : *type.shape) {
        const OpenSize* open = dimension.known() ? nullptr : find(dimension);
        if (!dimension.known() && open == nullptr) return false;
        shape.push_back(open ? open->numbers[turn] : dimension.size);
      }
      element_count(shape);  // throws where that overflows
      inputs_[turn].push_back(TensorDesc::contiguous(type.dtype, shape));
    }
    return true;
  }

  std::vector<ValueType> ask(const OpDef& definition, const Node& node) const {
    const std::vector<const Tensor*> constants(node.inputs.size(), nullptr);
    std::vector<TensorDesc> answers[2];
    for (size_t turn = 0; turn < 2; ++turn) {
      check_operand_types(node, inputs_[turn]);
      InferRequest request{node, inputs_[turn], constants, {}};
      request.outputs.resize(node.outputs.size());
      definition.infer(request);
      answers[turn] = request.outputs;
    }
    std::vector<ValueType> types;
    for (size_t j = 0; j < node.outputs.size(); ++j) {
      types.push_back(combine(answers[0][j], answers[1][j]));
    }
    return types;
  }

 private:
  // Sizes without a name are one size each, those of equal names the same.
  const OpenSize* find(const Dimension& dimension) {
    for (const OpenSize& open : open_) {
      if (!dimension.symbol.empty() && open.dimension.symbol == dimension.symbol) return &open;
    }
    if (open_.size() == std::size(kNumbers)) return nullptr;
    const auto& numbers = kNumbers[open_.size()];
    open_.push_back({dimension, {numbers[0], numbers[1]}});
    return &open_.back();
  }

  ValueType combine(const TensorDesc& first, const TensorDesc& second) const {
    if (first.dtype == DType::kUndefined || first.rank() != second.rank()) return {};
    std::vector<Dimension> shape;
    for (int i = 0; i < first.rank(); ++i) {
      Dimension& dimension = shape.emplace_back();
      if (first.shape[i] == second.shape[i]) dimension.size = first.shape[i];
      for (const OpenSize& open : open_) {
        bool same = open.numbers[0] == first.shape[i] && open.numbers[1] == second.shape[i];
        if (same) dimension = open.dimension;
      }
    }
    return ValueType::tensor(first.dtype, std::move(shape));
  }

  std::vector<TensorDesc> inputs_[2];
  std::vector<OpenSize> open_;
};

std::vector<ValueType> types_of_body(const OpDef& definition, const Node& node,
                                     const std::vector<ValueType>& inputs,
                                     const Registry& registry) {
  const std::string text = definition.body(node, inputs);
  if (text.empty()) return {};
  Model model;
  model.graph = function_body_from_text(text, node, inputs);
  infer_model_types(model, type_rule(registry));  // of private operators
  std::vector<ValueType> types;
  for (ValueId output : model.graph.outputs()) {
    types.push_back(model.graph.value(output).type);
  }
  return types;
}

std::vector<ValueType> types_of_results(const OpDef& definition, const Node& node,
                                        const std::vector<ValueType>& inputs,
                                        const Registry& registry) {
  // What is wrong with a node is said where it is expanded or planned.
  try {
    if (definition.kernels.empty() && definition.body) {
      return types_of_body(definition, node, inputs, registry);
    }
    if (!definition.infer) return {};
    Question question;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!question.add(inputs[i], node.inputs[i] == ValueId::kNone)) return {};
    }
    return question.ask(definition, node);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

TypeRule type_rule(const Registry& registry) {
  return [&registry](const Node& node, const std::vector<ValueType>& inputs) {
    const OpDef* definition = registry.find(node);
    if (definition == nullptr) return std::vector<ValueType>();
    return types_of_results(*definition, node, inputs, registry);
  };
}

}  // namespace convoy
