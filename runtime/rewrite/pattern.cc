#include "runtime/rewrite/pattern.h"

#include <algorithm>
#include <cmath>

#include "runtime/op/registry.h"

namespace convoy {

Pattern make_pattern(PatternForm form) {
  Pattern pattern;
  pattern.form_ = std::make_shared<const PatternForm>(std::move(form));
  return pattern;
}

Pattern Pattern::changed(void (*change)(PatternForm&, std::string_view, int), std::string_view text,
                         int number) const {
  PatternForm copy = *form_;
  change(copy, text, number);
  return make_pattern(std::move(copy));
}

Pattern Pattern::named(std::string_view name) const {
  return changed([](PatternForm& form, std::string_view text, int) { form.name = text; }, name);
}
Pattern Pattern::optional() const {
  return changed([](PatternForm& form, std::string_view, int) { form.may_lack = true; });
}
Pattern Pattern::rest() const {
  return changed([](PatternForm& form, std::string_view, int) { form.rest = true; });
}
Pattern Pattern::shared() const {
  return changed([](PatternForm& form, std::string_view, int) { form.shared = true; });
}
Pattern Pattern::output(int slot) const {
  return changed([](PatternForm& form, std::string_view, int number) { form.slot = number; }, "",
                 slot);
}
Pattern Pattern::ordered() const {
  return changed([](PatternForm& form, std::string_view, int) { form.ordered = true; });
}
Pattern Pattern::domain(std::string_view domain) const {
  return changed([](PatternForm& form, std::string_view text, int) { form.domain = text; }, domain);
}

std::vector<std::string> Pattern::root_types() const {
  if (form().kind == PatternForm::Kind::kOp) return form().types;
  std::vector<std::string> types;
  if (form().kind != PatternForm::Kind::kAnyOf) return types;
  for (const Pattern& alternative : form().operands) {
    std::vector<std::string> more = alternative.root_types();
    if (more.empty()) return {};
    types.insert(types.end(), more.begin(), more.end());
  }
  return types;
}

Pattern any(std::string_view name) {
  PatternForm form;
  form.name = name;
  return make_pattern(std::move(form));
}

Pattern constant(std::string_view name) {
  PatternForm form;
  form.kind = PatternForm::Kind::kConstant;
  form.name = name;
  return make_pattern(std::move(form));
}

Pattern scalar(double number, double tolerance, std::string_view name) {
  PatternForm form;
  form.kind = PatternForm::Kind::kScalar;
  form.number = number;
  form.tolerance = tolerance;
  form.name = name;
  return make_pattern(std::move(form));
}

Pattern op(std::string_view type, std::vector<Pattern> operands) {
  return op_of({std::string(type)}, std::move(operands));
}

Pattern op_of(std::vector<std::string> types, std::vector<Pattern> operands) {
  PatternForm form;
  form.kind = PatternForm::Kind::kOp;
  form.types = std::move(types);
  form.operands = std::move(operands);
  return make_pattern(std::move(form));
}

Pattern op_with(const std::function<bool(const OpDef&)>& fact, std::vector<Pattern> operands) {
  std::vector<std::string> types;
  for (const OpDef& definition : Registry::standard().all()) {
    if (fact(definition)) types.push_back(definition.name);
  }
  return op_of(std::move(types), std::move(operands));
}

Pattern any_of(std::vector<Pattern> alternatives) {
  PatternForm form;
  form.kind = PatternForm::Kind::kAnyOf;
  form.operands = std::move(alternatives);
  return make_pattern(std::move(form));
}

bool Match::has(std::string_view name) const {
  auto named = [&](const auto& entry) { return entry.first == name; };
  auto given = [&](const auto& entry) { return named(entry) && entry.second != ValueId::kNone; };
  return std::any_of(values_.begin(), values_.end(), given) ||
         std::any_of(named_nodes_.begin(), named_nodes_.end(), named);
}

ValueId Match::value(std::string_view name) const {
  for (const auto& [known, value] : values_) {
    if (known == name) return value;
  }
  fail(ErrorCode::kInternal, "the pattern captures no value '{}'", name);
}

const Tensor& Match::tensor(std::string_view name) const {
  const Tensor* tensor = graph_->constant(value(name));
  check_internal(tensor != nullptr, "the value '{}' of the pattern is no constant", name);
  return *tensor;
}

const Node& Match::node(std::string_view name) const {
  for (const auto& [known, id] : named_nodes_) {
    if (known == name) return graph_->node(id);
  }
  fail(ErrorCode::kInternal, "the pattern captures no node '{}'", name);
}

namespace {

bool is_near(const Tensor& tensor, double wanted, double tolerance) {
  bool numeric = is_floating(tensor.dtype()) || is_signed_integer(tensor.dtype()) ||
                 is_unsigned_integer(tensor.dtype());
  if (!numeric || tensor.count() != 1) return false;
  double number = is_floating(tensor.dtype()) ? to_doubles(tensor)[0]
                                              : static_cast<double>(to_int64s(tensor)[0]);
  auto rounded = static_cast<float>(wanted);
  if (tensor.dtype() == DType::kFloat16 && number == static_cast<float>(Float16(rounded))) {
    return true;
  }
  if (tensor.dtype() == DType::kBFloat16 && number == static_cast<float>(BFloat16(rounded))) {
    return true;
  }
  return std::abs(number - wanted) <= tolerance * std::max(1.0, std::abs(wanted));
}

}  // namespace

// Goals are a list on the stack: to satisfy the first, then the rest; what a goal captured is taken
// back when the rest cannot be satisfied.
class Matcher {
 public:
  struct Goal {
    const PatternForm* form;
    ValueId value;
    const Goal* next;
  };

  Matcher(Match& match, const Registry& registry)
      : match_(match), graph_(match.graph()), registry_(registry) {}

  bool solve(const Goal* goal) {
    if (goal == nullptr) return true;
    const PatternForm& form = *goal->form;
    if (goal->value == ValueId::kNone) {
      return form.may_lack && capture_and_solve(form.name, ValueId::kNone, goal->next);
    }
    switch (form.kind) {
      case PatternForm::Kind::kAny: return capture_and_solve(form.name, goal->value, goal->next);
      case PatternForm::Kind::kConstant:
        return graph_.constant(goal->value) != nullptr &&
               capture_and_solve(form.name, goal->value, goal->next);
      case PatternForm::Kind::kScalar: {
        const Tensor* tensor = graph_.constant(goal->value);
        return tensor != nullptr && is_near(*tensor, form.number, form.tolerance) &&
               capture_and_solve(form.name, goal->value, goal->next);
      }
      case PatternForm::Kind::kAnyOf:
        return std::any_of(form.operands.begin(), form.operands.end(), [&](const Pattern& other) {
          Goal chosen{&other.form(), goal->value, goal->next};
          return solve(&chosen);
        });
      case PatternForm::Kind::kOp: return solve_op(form, *goal);
    }
    return false;
  }

 private:
  bool capture_and_solve(const std::string& name, ValueId value, const Goal* next) {
    if (name.empty()) return solve(next);
    for (const auto& [known, before] : match_.values_) {
      if (known == name) return before == value && solve(next);
    }
    match_.values_.emplace_back(name, value);
    if (solve(next)) return true;
    match_.values_.pop_back();
    return false;
  }

  bool fits(const PatternForm& form, const Node& node, ValueId value) const {
    if (node.domain != form.domain) return false;
    if (!form.types.empty() &&
        std::find(form.types.begin(), form.types.end(), node.op_type) == form.types.end()) {
      return false;
    }
    auto slot = static_cast<size_t>(form.slot);
    return slot < node.outputs.size() && node.outputs[slot] == value;
  }

  bool may_swap(const Node& node) const {
    const OpDef* definition = node.inputs.size() == 2 ? registry_.find(node) : nullptr;
    return definition != nullptr && definition->commutative;
  }

  bool solve_op(const PatternForm& form, const Goal& goal) {
    NodeId id = graph_.value(goal.value).producer;
    if (id == NodeId::kNone || !fits(form, graph_.node(id), goal.value)) return false;
    if (!form.name.empty()) {
      for (const auto& [known, before] : match_.named_nodes_) {
        if (known == form.name) return before == id && solve(goal.next);
      }
      match_.named_nodes_.emplace_back(form.name, id);
    }
    match_.nodes_.push_back({id, form.shared});
    const Node& node = graph_.node(id);
    bool solved = solve_operands(form, node, node.inputs, goal.next);
    bool swap = !solved && !form.ordered && form.operands.size() == 2 && may_swap(node);
    if (swap) {
      solved = solve_operands(form, node, {node.inputs[1], node.inputs[0]}, goal.next);
    }
    if (solved) return true;
    match_.nodes_.pop_back();
    if (!form.name.empty()) match_.named_nodes_.pop_back();
    return false;
  }

  bool solve_operands(const PatternForm& form, const Node&, const std::vector<ValueId>& inputs,
                      const Goal* next) {
    for (size_t i = form.operands.size(); i < inputs.size(); ++i) {
      if (inputs[i] != ValueId::kNone && !form.rest) return false;
    }
    std::vector<Goal> goals(form.operands.size());
    for (size_t i = goals.size(); i-- > 0;) {
      ValueId value = i < inputs.size() ? inputs[i] : ValueId::kNone;
      goals[i] = {&form.operands[i].form(), value, next};
      next = &goals[i];
    }
    return solve(next);
  }

  Match& match_;
  const Graph& graph_;
  const Registry& registry_;
};

std::optional<Match> match_at(const Graph& graph, const Registry& registry, NodeId root,
                              const Pattern& pattern) {
  Match match(graph, root);
  for (ValueId output : graph.node(root).outputs) {
    if (output == ValueId::kNone) continue;
    Matcher::Goal goal{&pattern.form(), output, nullptr};
    if (Matcher(match, registry).solve(&goal)) return match;
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace convoy
