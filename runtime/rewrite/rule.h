// What a rewrite is: a rule (pattern, guard, replacement), or a pass over a whole graph.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/graph/builder.h"
#include "runtime/rewrite/pattern.h"

namespace convoy {

enum class RuleSet {
  kPortable,  // standard ONNX to standard ONNX of the same opset
  kFile,      // the same, to an operator that a session takes apart again: in a file only
  kLowering,  // to private operators; in a session only
};

// Why a rule says no; nullopt means yes.
using Refusal = std::optional<std::string>;

struct Rule {
  std::string name;
  RuleSet set = RuleSet::kPortable;
  Pattern pattern;
  // May be empty: always yes.
  std::function<Refusal(const Match&)> guard;
  // Adds the replacement and returns what stands for each output of the matched root; kNone for an
  // output that nobody reads. The matched nodes are removed by the driver.
  std::function<std::vector<ValueId>(const Match&, GraphBuilder&)> build;
  // A refusal is the usual case and no news for the report.
  bool quiet = false;
};

class GraphEditor;

// For rewrites that need more than one place at a time. The editor makes the changes, by the same
// checks and with the same report as for rules.
struct Pass {
  std::string name;
  RuleSet set = RuleSet::kPortable;
  std::function<void(GraphEditor&)> run;
};

using RewriteStep = std::variant<Rule, Pass>;

// Steps that are repeated together until none of them finds anything.
struct RewriteStage {
  std::string name;
  std::vector<RewriteStep> steps;
  // Some steps need types that others leave unknown: infer the model's types before the stage.
  bool needs_types = false;
  bool once = false;  // a single round
};

using RewritePipeline = std::vector<RewriteStage>;

}  // namespace convoy
