// Which nodes of a model were merged with each other, and into which.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/rewrite/report.h"

namespace convoy::cli {

bool is_merge(const RewriteEntry& entry);

// Groups are numbered from 0. A merge of what another merge made belongs to the same group.
struct MergeGroups {
  std::vector<std::vector<const RewriteEntry*>> merges;  // by group
  std::unordered_map<std::string, int> before;           // by label of a node that was merged away
  std::unordered_map<std::string, int> after;  // … of a node that came of a merge, or of its nodes
};

// The report must outlive the result.
MergeGroups merge_groups(const RewriteReport& report);

}  // namespace convoy::cli
