// What the rewrites of one model did, and what they nearly did.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace convoy {

// What one target is thought to take for what a merge replaces and for what takes its place.
struct MergeEstimate {
  std::string target;  // "convoy", "ort", "any"
  double before = 0;   // seconds
  double after = 0;
  bool decides = false;  // the target that the model is optimized for
};

struct RewriteEntry {
  std::string rule;
  std::string place;   // label of the node at which the pattern ends
  std::string before;  // operators that were matched: "Conv, Relu"
  std::string after;   // operators that took their place; of a near miss: empty
  std::string reason;  // of a near miss: why not; of what fired: why not more
  int64_t number = 0;  // of what fired: counts from 1, as CONVOY_REWRITE_STOP does
  // Of what fired: labels of the nodes that went away and that came.
  std::vector<std::string> removed;
  std::vector<std::string> added;
  // Of branches that were merged, or not for their cost: one a target.
  std::vector<MergeEstimate> estimates = {};
};

struct RewriteReport {
  std::vector<RewriteEntry> fired;
  // Patterns that still matched in the end but were refused.
  std::vector<RewriteEntry> nearly;
  size_t nodes_before = 0;
  size_t nodes_after = 0;
  std::map<std::string, int> operators_before;  // bodies included
  std::map<std::string, int> operators_after;
  bool stopped = false;  // by CONVOY_REWRITE_STOP or RewriteOptions::stop_after
  double seconds = 0;

  std::map<std::string, int> fired_by_rule() const;
  int count(const std::string& rule) const;
  std::string to_text() const;
};

nlohmann::json to_json(const RewriteReport& report);

}  // namespace convoy
