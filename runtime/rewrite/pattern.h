// Patterns: what a rewrite looks for, written as data. A pattern is a tree whose root is the last
// operator; matching walks from there to the producers of its operands and tries every order of a
// commutative operator's operands and every alternative until all of the tree fits.
//
//   op("Mul", {any("x"), op("Sigmoid", {any("x")})})      x · sigmoid(x), operands in either order
//
// A name that occurs twice must stand for the same value (or node) each time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/graph/graph.h"
#include "runtime/op/registry.h"

namespace convoy {

struct PatternForm;

class Pattern {
 public:
  Pattern() = default;

  // For operators: names the node.
  Pattern named(std::string_view name) const;
  // The operand may be left out.
  Pattern optional() const;
  // Inputs of the operator beyond the listed ones are allowed and not looked at.
  Pattern rest() const;
  // The node may be read from elsewhere too; it then stays beside the replacement.
  Pattern shared() const;
  // The value is output number `slot` of the operator (0 unless told).
  Pattern output(int slot) const;
  // Operands are taken in this order only, even where the operator is commutative.
  Pattern ordered() const;
  // The operator is of this domain ("" unless told).
  Pattern domain(std::string_view domain) const;

  const PatternForm& form() const { return *form_; }
  // Operator types that the root can have; empty means any.
  std::vector<std::string> root_types() const;

 private:
  friend Pattern make_pattern(PatternForm form);
  Pattern changed(void (*change)(PatternForm&, std::string_view, int), std::string_view text = "",
                  int number = 0) const;
  std::shared_ptr<const PatternForm> form_;
};

struct PatternForm {
  enum class Kind { kAny, kConstant, kScalar, kOp, kAnyOf };
  Kind kind = Kind::kAny;
  std::string name;  // empty: not captured
  // kScalar: a floating or integer constant of one element, near `number`.
  double number = 0;
  double tolerance = 0;
  // kOp
  std::vector<std::string> types;  // any of these; empty: every operator
  std::string domain;
  std::vector<Pattern> operands;  // kAnyOf: the alternatives
  int slot = 0;
  bool may_lack = false;
  bool rest = false;
  bool shared = false;
  bool ordered = false;
};

// Any value. Without a name it is not captured.
Pattern any(std::string_view name = "");
// A value that is constant in every run.
Pattern constant(std::string_view name = "");
// A constant of one element that differs from `number` by at most tolerance · max(1, |number|), or,
// of a 16-bit float, is `number` rounded.
Pattern scalar(double number, double tolerance = 1e-6, std::string_view name = "");
Pattern op(std::string_view type, std::vector<Pattern> operands);
// An operator of one of these types.
Pattern op_of(std::vector<std::string> types, std::vector<Pattern> operands);
// An operator of which this is true: a fact, or what is asked of its definition.
Pattern op_with(const std::function<bool(const OpDef&)>& fact, std::vector<Pattern> operands);
Pattern any_of(std::vector<Pattern> alternatives);

struct RewriteOptions;

// What a pattern stands for at one place of a graph.
class Match {
 public:
  struct Matched {
    NodeId node;
    bool shared;
  };

  Match(const Graph& graph, NodeId root) : graph_(&graph), root_(root) {}

  const Graph& graph() const { return *graph_; }
  NodeId root_id() const { return root_; }
  const Node& root() const { return graph_->node(root_); }
  // False for an operand that was left out.
  bool has(std::string_view name) const;
  // kNone when the operand was left out; throws kInternal for a name that the pattern has not.
  ValueId value(std::string_view name) const;
  // The tensor of a value that the pattern said is constant.
  const Tensor& tensor(std::string_view name) const;
  const Node& node(std::string_view name) const;
  const ValueType& type(std::string_view name) const { return graph_->value(value(name)).type; }
  ValueId output() const { return root().outputs[0]; }
  const ValueType& output_type() const { return graph_->value(output()).type; }

  // Nodes that the tree covers, the root first.
  const std::vector<Matched>& nodes() const { return nodes_; }

  const RewriteOptions* options = nullptr;

 private:
  friend class Matcher;
  const Graph* graph_;
  NodeId root_;
  std::vector<std::pair<std::string_view, ValueId>> values_;
  std::vector<std::pair<std::string_view, NodeId>> named_nodes_;
  std::vector<Matched> nodes_;
};

// Matches with the root's first present output; nullopt when the pattern does not fit there. The
// registry says which operators are commutative.
std::optional<Match> match_at(const Graph& graph, const Registry& registry, NodeId root,
                              const Pattern& pattern);

}  // namespace convoy
