#include "runtime/onnx/operand_types.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

#include <onnx/defs/data_type_utils.h>
#include <onnx/defs/schema.h>

#include "runtime/onnx/schema.h"

namespace convoy {
namespace {

struct OperandRule {
  std::string_view name;
  bool required = false;
  bool only_tensors = true;
  int variable = -1;     // a number for each type variable; -1: the types may differ
  uint64_t allowed = 0;  // bits of element types; 0: no tensors
};

struct OperandRules {
  std::vector<OperandRule> rules;
  bool variadic = false;  // the last rule holds for all that follow
};

uint64_t bit_of(int type) { return type >= 0 && type < 64 ? uint64_t{1} << type : 0; }

OperandRules make_rules(const onnx::OpSchema& schema) {
  OperandRules made;
  std::unordered_map<std::string_view, int> variables;
  for (const auto& input : schema.inputs()) {
    OperandRule rule;
    rule.name = input.GetName();
    bool variadic = input.GetOption() == onnx::OpSchema::Variadic;
    rule.required =
        input.GetOption() == onnx::OpSchema::Single || (variadic && input.GetIsHomogeneous());
    int fresh = static_cast<int>(variables.size());
    int variable = variables.try_emplace(input.GetTypeStr(), fresh).first->second;
    if (input.GetIsHomogeneous()) rule.variable = variable;
    for (const onnx::DataType& type : input.GetTypes()) {
      const onnx::TypeProto& proto = onnx::Utils::DataTypeUtils::ToTypeProto(type);
      if (proto.has_tensor_type()) {
        rule.allowed |= bit_of(proto.tensor_type().elem_type());
      } else {
        rule.only_tensors = false;
      }
    }
    made.variadic = input.GetOption() == onnx::OpSchema::Variadic;
    made.rules.push_back(rule);
  }
  return made;
}

const OperandRules& rules_of(const onnx::OpSchema& schema) {
  thread_local std::unordered_map<const onnx::OpSchema*, OperandRules> known;
  auto found = known.find(&schema);
  if (found == known.end()) found = known.emplace(&schema, make_rules(schema)).first;
  return found->second;
}

const onnx::OpSchema* schema_of(const Node& node) {
  const onnx::OpSchema* schema = find_schema(node.domain, node.op_type, node.version);
  if (schema != nullptr) return schema;
  return find_schema(node.domain, node.op_type, newest_version(node.domain));
}

// nullptr: there may be no such operand.
const OperandRule* rule_for(const OperandRules& known, size_t i) {
  if (i < known.rules.size()) return &known.rules[i];
  return known.variadic ? &known.rules.back() : nullptr;
}

}  // namespace

bool takes_more_than_tensors(const Node& node, size_t i) {
  const onnx::OpSchema* schema = schema_of(node);
  const OperandRule* rule = schema == nullptr ? nullptr : rule_for(rules_of(*schema), i);
  return rule == nullptr || !rule->only_tensors;
}

void check_operand_types(const Node& node, const std::vector<TensorDesc>& inputs) {
  const onnx::OpSchema* schema = schema_of(node);
  if (schema == nullptr) return;
  const OperandRules& known = rules_of(*schema);
  size_t least = static_cast<size_t>(std::max(0, schema->min_input()));
  for (size_t i = 0; i < std::max(least, node.inputs.size()); ++i) {
    const OperandRule* rule = rule_for(known, i);
    bool present = rule == nullptr || !rule->required || node.has_input(static_cast<int>(i));
    if (!present) fail(ErrorCode::kInvalidModel, "the operand '{}' is missing", rule->name);
  }
  std::array<DType, 16> bound{};  // by variable
  for (size_t i = 0; i < inputs.size(); ++i) {
    const OperandRule* found = rule_for(known, i);
    if (found == nullptr) break;
    const OperandRule& rule = *found;
    DType dtype = inputs[i].dtype;
    if (dtype == DType::kUndefined || rule.allowed == 0) continue;
    // What the first operand may be is for the kernels to say.
    bool other = i > 0 && rule.variable != known.rules[0].variable;
    bool fits = !other || (rule.allowed & bit_of(static_cast<int>(dtype))) != 0;
    if (!fits) {
      fail(ErrorCode::kInvalidModel, "'{}' must not be {}", rule.name, to_string(dtype));
    }
    if (rule.variable < 0 || rule.variable >= static_cast<int>(bound.size())) continue;
    DType& first = bound[static_cast<size_t>(rule.variable)];
    if (first == DType::kUndefined) first = dtype;
    if (first != dtype) {
      fail(ErrorCode::kInvalidModel, "'{}' is {}, but must be {} like an operand before it",
           rule.name, to_string(dtype), to_string(first));
    }
  }
}

}  // namespace convoy
